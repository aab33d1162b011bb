/// A cap on something that could grow: what is kept at most, and what happens then. Each is registered where its owner is,
/// and the health screen lists them all.
package struct Limit: Equatable, Sendable {
    package enum Unit: String, Equatable, Sendable { case items, bytes, nanoseconds }

    /// What has a cap of its own.
    package enum Scope: String, Equatable, Sendable {
        case engine
        case flow
        /// One direction of a flow.
        case direction
        case stream
    }

    /// What is bounded.
    package var name: String
    package var value: Int
    package var unit: Unit
    package var scope: Scope
    /// What happens at the cap.
    package var policy: String

    package init(_ name: String, _ value: Int, _ unit: Unit = .items, per scope: Scope, policy: String) {
        self.name = name
        self.value = value
        self.unit = unit
        self.scope = scope
        self.policy = policy
    }
}
