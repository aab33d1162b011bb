import StreamtopBase

/// What one step of the analysis needs to know of the whole path.
struct PathView: Sendable {
    // Small, and without optionals inside: it is made for every segment.

    private static let unknown = Nanoseconds.min
    private var toSenderValue = Self.unknown
    private var minimumValue = Self.unknown
    private var smoothedValue = Self.unknown
    private var queueValue = Self.unknown
    private var ceilingValue = Self.unknown
    var variation: Nanoseconds = 0
    /// Nothing tells the round trip of now: the queue is unknown, not empty.
    var isBlind = false
    /// The capture lies at the receiver: what passes has the path behind it.
    var isAtReceiver = false
    /// On the receiver's own host: what passes has arrived.
    var hasArrived = false

    /// Capture point to the sender of the data and back; nil while unknown.
    var toSender: Nanoseconds? { Self.known(toSenderValue) }
    /// The whole loop: smallest and smoothed; nil while unknown.
    var minimum: Nanoseconds? { Self.known(minimumValue) }
    var smoothed: Nanoseconds? { Self.known(smoothedValue) }
    /// Queueing delay now, and the largest that the path usually gets to: looked up where data is sent again.
    var queue: Nanoseconds? {
        get { Self.known(queueValue) }
        set { queueValue = newValue ?? Self.unknown }
    }
    var ceiling: Nanoseconds? {
        get { Self.known(ceilingValue) }
        set { ceilingValue = newValue ?? Self.unknown }
    }

    /// From the round trips between the capture point and the two ends.
    @inline(__always)
    init(sender: borrowing RoundTripMeter, receiver: borrowing RoundTripMeter) {
        let (near, far) = (sender.hasSample, receiver.hasSample)
        if near { toSenderValue = sender.last }
        if near, far {
            minimumValue = saturatingAdd(sender.minimum, receiver.minimum)
            smoothedValue = saturatingAdd(sender.smoothed ?? 0, receiver.smoothed ?? 0)
            variation = saturatingAdd(sender.estimator.variation, receiver.estimator.variation)
            queueValue = saturatingAdd(sender.queue ?? 0, receiver.queue ?? 0)
        } else if near {
            minimumValue = sender.minimum
            smoothedValue = sender.smoothed ?? Self.unknown
            (variation, queueValue) = (sender.estimator.variation, sender.queue ?? 0)
        } else if far {
            minimumValue = receiver.minimum
            smoothedValue = receiver.smoothed ?? Self.unknown
            (variation, queueValue) = (receiver.estimator.variation, receiver.queue ?? 0)
        }
    }

    /// When a sender gives up waiting (RFC 6298, with the Linux floor of 200 ms above the smoothed round trip).
    var timeout: Nanoseconds {
        guard let smoothed else { return .seconds(1) }
        return saturatingAdd(smoothed, max(4 * variation, .milliseconds(200)))
    }

    @inline(__always)
    private static func known(_ value: Nanoseconds) -> Nanoseconds? { value == unknown ? nil : value }
}
