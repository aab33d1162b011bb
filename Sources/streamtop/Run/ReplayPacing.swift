import StreamtopBase

/// How far a replay may have come at a moment of the clock. Holds no clock itself.
struct ReplayPacing: Equatable, Sendable {
    /// Capture seconds a second; infinite for "as fast as it goes".
    private(set) var speed: Double
    private(set) var isPaused = false
    /// The replay stood at `anchor` at `anchorClock`, and has run evenly since.
    private var anchor: Timestamp
    private var anchorClock: Nanoseconds

    init(speed: Double, at position: Timestamp, clock: Nanoseconds) {
        self.speed = speed
        anchor = position
        anchorClock = clock
    }

    /// Capture time that should have been reached; nil for no limit.
    func target(clock: Nanoseconds) -> Timestamp? {
        if isPaused { return anchor }
        guard speed.isFinite else { return nil }
        // A replay cannot outlive the range: at 100x a century of running is 1e4 years of capture, so it is cut.
        let run = min(Double(clock - anchorClock) * speed, 9e18)
        return anchor + Nanoseconds(run)
    }

    /// Time to sleep until the replay should have reached `position`.
    func delay(until position: Timestamp, clock: Nanoseconds) -> Nanoseconds {
        guard !isPaused, speed.isFinite, let target = target(clock: clock) else { return 0 }
        return Nanoseconds(min(max(Double(position - target) / speed, 0), 1e12))
    }

    mutating func setSpeed(_ speed: Double, position: Timestamp, clock: Nanoseconds) {
        rebase(position: position, clock: clock)
        self.speed = speed
    }

    mutating func setPaused(_ isPaused: Bool, position: Timestamp, clock: Nanoseconds) {
        rebase(position: position, clock: clock)
        self.isPaused = isPaused
    }

    /// The replay stands at `position` now, by a jump or because it could not keep up.
    mutating func jump(to position: Timestamp, clock: Nanoseconds) {
        anchor = position
        anchorClock = clock
    }

    /// Takes the point that is due as the new origin, so that a change of speed does not move it.
    private mutating func rebase(position: Timestamp, clock: Nanoseconds) {
        anchor = target(clock: clock) ?? position
        anchorClock = clock
    }
}
