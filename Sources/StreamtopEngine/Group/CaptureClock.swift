import StreamtopBase

/// Capture time and its deadlines: the one clock of all engines. Nothing here reads a clock; time comes with the frames and while
/// the wire is silent through `advance`.
struct CaptureClock {
    /// The latest stamp seen.
    private(set) var now = Timestamp(nanoseconds: .min)
    private(set) var firstFrame: Timestamp?
    /// Frames with a stamp before the latest.
    private(set) var backwards: UInt64 = 0

    private var offset: Nanoseconds = 0
    private var farBehind = 0
    private var pendingAhead: Timestamp?
    private var frames: UInt64 = 0
    /// The newest stamp was as it should be.
    private var isPlain = false

    private let sampleInterval: Nanoseconds?
    private let keepsSeries: Bool
    private var nextSecond = Timestamp(nanoseconds: .max)
    private var nextSample = Timestamp(nanoseconds: .max)
    private var nextSeries = Timestamp(nanoseconds: .max)
    private var next = Timestamp(nanoseconds: .max)

    init(sampleInterval: Nanoseconds?, keepsSeries: Bool) {
        self.sampleInterval = sampleInterval
        self.keepsSeries = keepsSeries
    }

    /// A frame with this stamp comes next; true when a deadline lies before it.
    @inline(__always)
    mutating func observe(_ stamp: Timestamp) -> Bool {
        let time = stamp + offset
        frames &+= 1
        // Nearly every stamp: the next deadline is at most a second ahead, so that it is no leap either.
        if time >= now, time < next, isPlain {
            now = time
            return false
        }
        return observeOdd(time)
    }

    /// A stamp that is the first, a deadline's, out of order, or comes after such a one.
    @inline(never)
    private mutating func observeOdd(_ time: Timestamp) -> Bool {
        if firstFrame == nil { begin(at: time) }
        defer { isPlain = farBehind == 0 && pendingAhead == nil }
        if time < now {
            backwards &+= 1
            if now - time >= StampReader.certain { farBehind += 1 }
        } else if time - now < StampReader.farAhead {
            now = time
            farBehind = 0
            pendingAhead = nil
        } else {
            leap(to: time)
        }
        return now >= next
    }

    /// Frames in a row far behind: the clock was set, and what is added to stamps from now on is to be asked for.
    var isSetBack: Bool { farBehind >= 2 }

    /// This is added to stamps (`StampReader`).
    mutating func follow(_ offset: Nanoseconds) {
        self.offset = offset
        farBehind = 0
    }

    /// A jump of more than a day is believed when the next stamp agrees; with the first stamps of a capture, time begins anew.
    @inline(never)
    private mutating func leap(to time: Timestamp) {
        guard let pending = pendingAhead, time >= pending - StampReader.certain else {
            pendingAhead = time
            return
        }
        pendingAhead = nil
        if frames <= 4 { begin(at: time) } else { now = time }
    }

    /// Time passes without a frame; true when a deadline has come.
    mutating func advance(to stamp: Timestamp) -> Bool {
        let time = stamp + offset
        guard firstFrame != nil, time > now else { return false }
        now = time
        return now >= next
    }

    /// What is due now; the deadlines move on.
    mutating func takeTick() -> Tick {
        var tick = Tick(time: now)
        while let interval = sampleInterval, now >= nextSample {  // each round moves the deadline on
            tick.samples.append(nextSample)
            let following = following(nextSample, step: interval)
            // A stamp at the end of time leaves no later deadline.
            guard following > nextSample else { break }
            nextSample = following
        }
        if now >= nextSeries {
            tick.isForSeries = true
            nextSeries = following(nextSeries, step: SeriesRecorder.firstInterval)
        }
        if now >= nextSecond {
            tick.isSecond = true
            nextSecond = following(nextSecond, step: .seconds(1))
        }
        next = min(nextSecond, nextSample, nextSeries)
        return tick
    }

    private mutating func begin(at time: Timestamp) {
        firstFrame = time
        now = time
        nextSecond = time + .seconds(1)
        if let sampleInterval { nextSample = time + sampleInterval }
        if keepsSeries { nextSeries = time + SeriesRecorder.firstInterval }
        next = min(nextSecond, nextSample, nextSeries)
    }

    /// The next deadline on the same grid that lies ahead of now, or one step on when the capture is continuous. A long
    /// silence is skipped in one go: nothing was active in it.
    private func following(_ deadline: Timestamp, step: Nanoseconds) -> Timestamp {
        let next = deadline + step
        let behind = now - next
        guard behind > step else { return next }
        return next + (behind / step) * step  // at most `behind`, so it cannot pass `now`
    }
}

/// A moment at which every engine stands still, and what is to be done at it. It lies between two frames.
struct Tick {
    var time: Timestamp
    /// Deadlines of the samples that are due.
    var samples: [Timestamp] = []
    var isForSeries = false
    var isSecond = false
    /// Datagrams given up since the tick before, at a second.
    var lost: [FragmentIntake.Loss] = []
}
