import StreamtopBase
import StreamtopModel

/// What flows between the same hosts tell each other of the path.
extension TCPFlowTracker {
    /// The shortest round trip to each end that this flow itself has met on the path as it is now; nil while none was measured.
    package var bases: BothDirections<Nanoseconds?> {
        BothDirections(client: client.roundTrip.knownBase, server: server.roundTrip.knownBase)
    }

    /// When its path last changed; nil while it has not.
    package var pathChanged: Timestamp? {
        guard let client = client.roundTrip.changed else { return server.roundTrip.changed }
        return max(client, server.roundTrip.changed ?? client)
    }

    /// Others have met shorter ones.
    package mutating func share(bases: BothDirections<Nanoseconds?>) {
        if let base = bases.client { client.roundTrip.share(base: base) }
        if let base = bases.server { server.roundTrip.share(base: base) }
    }
}

extension RoundTripMeter {
    fileprivate var knownBase: Nanoseconds? { ownBase == .max ? nil : ownBase }
}
