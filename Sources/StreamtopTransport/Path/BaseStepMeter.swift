import StreamtopBase

/// Notices that the path became longer or shorter where the hop limit keeps silent about it.
///
/// A sender that keeps a queue filled cannot tell the queue from the path. One that pauses can: once all its data has
/// arrived nothing of its own stands in a queue. When the round trips of flights that used to return in the base time
/// all take at least 20 ms longer, for five seconds and nearly alike, that is another path: a queue of other people's
/// data swings. For the same reason a floor that held for five seconds of pauses and gives way to one 20 ms lower, for
/// five seconds again, was no queue that drained but a longer path.
struct BaseStepMeter: Sendable {
    struct Step: Sendable {
        var isShorter = false
        var since: Timestamp
        var before: Nanoseconds
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
    /// Samples at the floor in a row of pauses, from when to when.
    private var floorSamples: UInt16 = 0
    private var floorSince = Timestamp(nanoseconds: 0)
    private var floorLast = Timestamp(nanoseconds: 0)
    private var floor: Nanoseconds = 0

    init() {}

    /// A round trip whose flight has arrived completely. `flight`: the largest in its round; `base`, `queue`: smallest
    /// round trip and largest queueing delay known before this sample.
    mutating func observe(
        _ sample: Nanoseconds, base: Nanoseconds, queue: Nanoseconds, flight: Int, at time: Timestamp
    ) {
        guard base != .max else { return }
        let excess = sample - base
        if excess <= -Self.least || run?.isShorter == true {
            return observeShorter(sample, base: base, queue: queue, at: time)
        }
        if excess < Self.least {
            if excess <= Self.least / 4 {
                harmless = max(harmless, flight)
                noteFloor(min(base, sample), at: time)
            }
            run = nil
            return
        }
        // A larger flight than ever before may be its own queue.
        guard flight <= harmless else { return }
        guard var step = run else {
            run = Step(since: time, before: base, base: sample, highest: sample, queueBefore: queue, samples: 1)
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

    private mutating func noteFloor(_ base: Nanoseconds, at time: Timestamp) {
        // A floor that sinks is a queue that drains.
        if floorSamples == 0 || floor - base > Self.least / 4 {
            floorSamples = 0
            floorSince = time
            floor = base
        }
        if floorSamples < .max { floorSamples += 1 }
        floorLast = time
    }

    private mutating func observeShorter(
        _ sample: Nanoseconds, base: Nanoseconds, queue: Nanoseconds, at time: Timestamp
    ) {
        guard var step = run, step.isShorter, sample - step.base > -Self.least else {
            let held = floorSamples >= 20 && floorLast - floorSince >= Self.lasting
            floorSamples = 0
            run =
                held
                ? Step(
                    isShorter: true, since: time, before: base, base: sample, highest: sample, queueBefore: queue,
                    samples: 1) : nil
            return
        }
        guard sample - step.base < Self.least else {
            // Back where it was: one sample that came too early, not a path.
            run = nil
            return
        }
        step.base = min(step.base, sample)
        step.samples &+= 1  // one for each packet at most
        run = step
        isComplete = time - step.since >= Self.lasting && step.samples >= 20
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
