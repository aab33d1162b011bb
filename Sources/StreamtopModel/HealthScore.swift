/// How well a flow does: 0 to 100, the worst of the dimensions that apply. A mean would hide the one that kills.
package struct HealthScore: Equatable, Sendable {
    /// What was worst; also the word shown beside the number.
    package enum Dimension: String, Sendable, CaseIterable {
        case queueDelay = "queue_delay"
        case roundTrip = "round_trip"
        case loss
        case limits
        case handshake
    }
    package var value: Double
    package var worst: Dimension

    package init(value: Double, worst: Dimension) {
        self.value = value
        self.worst = worst
    }
}
