import StreamtopBase

/// Notices that the path became longer where the hop limit keeps silent about it.
///
/// A sender that keeps a queue filled cannot tell the queue from the path. One that pauses can: once all its data has
/// arrived nothing of its own stands in a queue. When the round trips of flights that used to return in the base time
/// all take at least 20 ms longer, for five seconds and nearly alike, that is another path: a queue of other people's
/// data swings.
struct TCPBaseStepMeter: Sendable {
    struct Step: Sendable {
        var since: Timestamp
        var base: Nanoseconds
        var highest: Nanoseconds
        /// Largest queueing delay that was known before.
        var queueBefore: Nanoseconds
        var samples: Int
    }
    static let least: Nanoseconds = .milliseconds(20)
    static let lasting: Nanoseconds = .seconds(5)

    /// Largest flight that returned about as fast as the path allowed.
    private var harmless = 0
    private var run: Step?
    private var sum: Nanoseconds = 0
    private var isComplete = false

    init() {}

    /// A round trip whose flight has arrived completely. `flight`: the largest in its round; `base`: smallest round trip
    /// known; `queue`: largest queueing delay before this sample.
    mutating func observe(
        _ sample: Nanoseconds, base: Nanoseconds, queue: Nanoseconds, flight: Int, at time: Timestamp
    ) {
        let excess = sample - base
        if excess < Self.least {
            if excess <= Self.least / 4 { harmless = max(harmless, flight) }
            run = nil
            return
        }
        // A larger flight than ever before may be its own queue.
        guard flight <= harmless else { return }
        guard var step = run else {
            run = Step(since: time, base: sample, highest: sample, queueBefore: queue, samples: 1)
            sum = sample
            return
        }
        step.base = min(step.base, sample)
        step.highest = max(step.highest, sample)
        step.samples &+= 1  // one for each packet at most
        sum = saturatingAdd(sum, sample)
        run = step
        guard time - step.since >= Self.lasting, step.samples >= 20 else { return }
        let spread = sum / Int64(step.samples) - step.base
        if spread <= max(.milliseconds(2), (step.base - base) / 8) {
            isComplete = true
        } else {
            run = nil
        }
    }

    /// The step, once, when it is certain.
    mutating func take() -> Step? {
        guard isComplete else { return nil }
        isComplete = false
        defer {
            run = nil
            harmless = 0
        }
        return run
    }
}
