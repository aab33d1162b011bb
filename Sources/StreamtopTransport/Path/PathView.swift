import StreamtopBase

/// What one step of the analysis needs to know of the whole path.
struct PathView: Sendable {
    /// Capture point to the sender of the data and back; nil while unknown.
    var toSender: Nanoseconds?
    /// The whole loop: smallest and smoothed; nil while unknown.
    var minimum: Nanoseconds?
    var smoothed: Nanoseconds?
    var variation: Nanoseconds = 0
    /// Queueing delay now, and the largest that the path usually gets to: looked up where data is sent again.
    var queue: Nanoseconds?
    var ceiling: Nanoseconds?
    /// Nothing tells the round trip of now: the queue is unknown, not empty.
    var isBlind = false
    /// The capture lies at the receiver: what passes has the path behind it.
    var isAtReceiver = false
    /// On the receiver's own host: what passes has arrived.
    var hasArrived = false

    /// From the round trips between the capture point and the two ends.
    init(sender: borrowing RoundTripMeter, receiver: borrowing RoundTripMeter) {
        let (near, far) = (sender.hasSample, receiver.hasSample)
        if near, far {
            toSender = sender.last
            minimum = saturatingAdd(sender.minimum, receiver.minimum)
            smoothed = saturatingAdd(sender.smoothed ?? 0, receiver.smoothed ?? 0)
            variation = saturatingAdd(sender.estimator.variation, receiver.estimator.variation)
            queue = saturatingAdd(sender.queue ?? 0, receiver.queue ?? 0)
        } else if near {
            toSender = sender.last
            (minimum, smoothed) = (sender.minimum, sender.smoothed)
            (variation, queue) = (sender.estimator.variation, sender.queue ?? 0)
        } else if far {
            (minimum, smoothed) = (receiver.minimum, receiver.smoothed)
            (variation, queue) = (receiver.estimator.variation, receiver.queue ?? 0)
        }
    }

    /// When a sender gives up waiting (RFC 6298, with the Linux floor of 200 ms above the smoothed round trip).
    var timeout: Nanoseconds {
        guard let smoothed else { return .seconds(1) }
        return saturatingAdd(smoothed, max(4 * variation, .milliseconds(200)))
    }
}
