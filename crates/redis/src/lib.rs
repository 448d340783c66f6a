//! State over Redis or Redis Cluster: claims, kin, windows, and the index of incidents.
