import StreamtopBase
import StreamtopModel

/// One observation on its way through a tracker: when and from whom, and what the tracker has to say about it to people, to the
/// engine and to the layer above. Passed along as `inout` and never stored by a tracker.
package struct Observation: ~Copyable, Sendable {
    /// When the packet passed that brought it.
    package var time = Timestamp(nanoseconds: .min)
    package var direction = Direction.fromClient
    /// How long the bytes at hand waited for a hole in the stream that brought them; 0 where they did not.
    package var waited: Nanoseconds = 0
    /// Between the capture point and each end, as the transport has measured it by now; nil where it has not.
    package var roundTrip = BothDirections<Nanoseconds?>(client: nil, server: nil)
    /// Bytes that the capture cut off the datagram being observed.
    package var cutBytes = 0
    /// Hop limit of the packet; 0 where it is not known.
    package var hopLimit: UInt8 = 0
    /// For people.
    package var events: [FlowEvent.Kind] = []
    /// For the engine.
    package var signals: [Signal] = []
    /// For the layer above.
    package var deliveries = DeliveryQueue()

    package init() {}

    package init(from direction: Direction, at time: Timestamp) {
        self.direction = direction
        self.time = time
    }

    /// Another observation begins; what was said before stays until it is taken.
    package mutating func begin(from direction: Direction, at time: Timestamp) {
        self.direction = direction
        self.time = time
        waited = 0
    }

    package mutating func tell(_ event: FlowEvent.Kind) { events.append(event) }

    package mutating func signal(_ signal: Signal) { signals.append(signal) }

    /// Hands bytes of `payload`, which the tracker was given, up as they are.
    package mutating func deliver(_ start: Int, count: Int, stream: UInt64 = 0, isEarly: Bool = false) {
        guard count > 0 else { return }
        deliver(.bytes(DeliveredRange(.payload, start: start, count: count)), stream: stream, isEarly: isEarly)
    }

    package mutating func deliver(_ content: Delivery.Content, stream: UInt64 = 0, isEarly: Bool = false) {
        var delivery = Delivery(stream: stream, direction: direction, time: time, isEarly: isEarly, content: content)
        delivery.waited = waited
        deliveries.append(delivery)
    }

    /// Forgets what was said, not the storage.
    package mutating func clear() {
        events.removeAll(keepingCapacity: true)
        signals.removeAll(keepingCapacity: true)
        deliveries.removeAll()
    }
}
