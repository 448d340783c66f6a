//! Links over Kafka: exactly once from topic to topic.
