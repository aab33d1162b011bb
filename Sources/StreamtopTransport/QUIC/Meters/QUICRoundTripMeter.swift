import StreamtopBase
import StreamtopModel

/// Round trips between the capture point and one end of a connection. Samples of several sources are kept apart: the best
/// source that has spoken is the one that is told.
struct QUICRoundTripMeter: ~Copyable {
    private(set) var source = RoundTripSource.quicHandshake
    /// The samples of that source.
    private(set) var path = RoundTripMeter()

    init() {}

    var hasSample: Bool { path.hasSample }
    var minimum: Nanoseconds { path.minimum }
    var last: Nanoseconds { path.last }
    var lastTime: Timestamp { path.lastTime }
    var smoothed: Nanoseconds? { path.smoothed }
    var currentQueue: Nanoseconds? { path.queue }

    /// Acknowledgments are better than the spin bit, the spin bit better than the handshake alone.
    private static func rank(_ source: RoundTripSource) -> Int {
        switch source {
        case .quicAck: 2
        case .quicSpin: 1
        default: 0
        }
    }

    mutating func record(_ sample: Nanoseconds, source newSource: RoundTripSource, at time: Timestamp) {
        guard sample >= 0 else { return }
        if newSource != source {
            guard Self.rank(newSource) > Self.rank(source) || !hasSample else { return }
            path = RoundTripMeter()
            source = newSource
        }
        path.record(sample, source: source, at: time)
        path.smooth(sample)
    }

    /// The path has changed: what was its minimum no longer holds.
    mutating func rebase(at time: Timestamp) { path.rebase(at: time) }

    /// The path has been longer, or shorter, for a while.
    mutating func rebase(to step: BaseStepMeter.Step) { path.rebase(to: step) }

    var snapshot: RoundTripSnapshot? {
        guard var snapshot = path.snapshot else { return nil }
        snapshot.source = source
        return snapshot
    }

    /// A handshake's two or three samples say nothing of a queue.
    var queueSnapshot: QueueDelaySnapshot? { source == .quicHandshake ? nil : path.queueSnapshot }
}
