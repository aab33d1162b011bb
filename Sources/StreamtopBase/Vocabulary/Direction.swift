/// Which way a frame of a flow travels, seen from the flow's client (initiator) and server (responder).
package enum Direction: UInt8, Sendable, CaseIterable {
    case fromClient = 0
    case fromServer = 1

    // Derived ones are not inlined into other rooms, here as for the other words of the hot path.
    @inlinable
    package static func == (left: Direction, right: Direction) -> Bool {
        switch (left, right) {
        case (.fromClient, .fromClient), (.fromServer, .fromServer): true
        default: false
        }
    }

    @inlinable
    package static func != (left: Direction, right: Direction) -> Bool { !(left == right) }

    @inlinable
    package var reversed: Direction { self == .fromClient ? .fromServer : .fromClient }

    /// Place of the end that sends in this direction among the two of a flow.
    @inlinable
    @inline(__always)
    package var index: Int { Int(rawValue) }
}

/// A pair of values, one for each end of a flow, indexed by the direction that end sends in.
package struct BothDirections<Value> {
    package var client: Value
    package var server: Value

    @inlinable
    package init(client: Value, server: Value) {
        self.client = client
        self.server = server
    }

    /// The value of the end that sends in `direction`.
    @inlinable
    package subscript(direction: Direction) -> Value {
        get { direction == .fromClient ? client : server }
        set {
            if direction == .fromClient { client = newValue } else { server = newValue }
        }
    }
}

extension BothDirections: Sendable where Value: Sendable {}
extension BothDirections: Equatable where Value: Equatable {}
