import Glibc
import StreamtopBase
import StreamtopEngine
import StreamtopModel
import StreamtopTerminal
import StreamtopView

/// What the analysis thread does: keeps frames flowing into the engine, at the speed the user wants to see them, and
/// publishes ten pictures a second.
struct AnalysisPump: ~Copyable {
    private let settings: Settings
    private let commands: CommandMailbox
    private let snapshots: SnapshotMailbox
    private let status: StatusMailbox

    private var run: AnalysisRun
    /// Frames of `run.batch` before this one have been analysed.
    private var cursor = 0
    /// The frames that are due, sharing the bytes of `run.batch`.
    private var part = FrameBatch()

    private var pacing: ReplayPacing
    /// Where a seek is going: until then frames flow as fast as they can.
    private var seekTarget: Timestamp?
    private var isAtEnd = false
    private var isLooping: Bool
    private var marks = ReplayMarks()
    private let survey: CaptureSurvey?

    private var request = EngineGroup.SnapshotRequest()
    private var cost: OwnCost
    private var nextPicture: Nanoseconds = 0
    /// A replay does not wait longer than this for the next packet.
    private static let longestGap: Nanoseconds = .seconds(5)
    /// Stamps of the frame that a gap was last skipped to, and of the newest one analysed.
    private var lastStamp: Timestamp?
    private var lastAnalysed: Timestamp?
    /// What the source failed with; the picture stays.
    private var failure: ProgramFailure?

    private static let pictureInterval: Nanoseconds = .milliseconds(100)
    /// The longest sleep: how late a command can be noticed.
    private static let longestSleep: Nanoseconds = .milliseconds(20)
    private static let stepLength: Nanoseconds = .milliseconds(100)
    /// Writers of pipes hold frames back for a second or two while little happens.
    private static let silenceWorthSaying: Nanoseconds = .seconds(3)

    init(
        _ settings: Settings, commands: CommandMailbox, snapshots: SnapshotMailbox, status: StatusMailbox
    ) throws(ProgramFailure) {
        let run = try AnalysisRun(settings, engine: AnalysisPump.engineOptions(settings))
        self.run = run
        self.settings = settings
        self.commands = commands
        self.snapshots = snapshots
        self.status = status
        let clock = Clocks.monotonic
        cost = OwnCost(at: clock)
        pacing = ReplayPacing(speed: settings.speed, at: Timestamp(nanoseconds: 0), clock: clock)
        isLooping = settings.loops || settings.input == .demo
        survey = settings.isReplay ? CaptureSurvey(settings) : nil
    }

    private static func engineOptions(_ settings: Settings) -> EngineOptions {
        var options = EngineOptions()
        options.collectsEvents = settings.isReplay
        options.keepsSeries = true
        return options
    }

    /// Runs until told to stop. Returns what the source failed with, if it did.
    mutating func pump() throws(ProgramFailure) -> ProgramFailure? {
        while !commands.isStopped {
            do throws(ProgramFailure) {
                for command in commands.take() { try obey(command) }
                if settings.isReplay { try replay() } else { try follow() }
            } catch {
                end(with: error)
            }
            showNotices()
            publishWhenDue()
        }
        run.finish()
        showNotices()
        // What was on the screen for a moment is told once more when the screen is gone.
        return failure ?? run.failedOutputs.last.map { ProgramFailure(.failure, $0.reason) }
    }

    // MARK: Frames as they come

    private mutating func follow() throws(ProgramFailure) {
        guard !isAtEnd else { return sleep(AnalysisPump.longestSleep) }
        let status = try run.step()
        collectMarks()
        if status == .ended { end(with: nil) }
    }

    private mutating func end(with error: ProgramFailure?) {
        isAtEnd = true
        if failure == nil { failure = error }
        run.engine.finish()
        collectMarks()
        nextPicture = 0
        if let error { status.notify(error.message, .critical) }
    }

    // MARK: Frames at the speed of the replay

    private mutating func replay() throws(ProgramFailure) {
        if isAtEnd {
            guard isLooping, !pacing.isPaused else { return sleep(AnalysisPump.longestSleep) }
            do throws(ProgramFailure) {
                try restart()
            } catch {
                // What fails once would fail in every round.
                isLooping = false
                status.notify(error.message, .critical)
            }
            return
        }
        if cursor == run.batch.frames.count {
            run.batch.frames.removeAll(keepingCapacity: true)
            part = FrameBatch()
            cursor = 0
            if try run.fetch() == .ended { return end(with: nil) }
            if run.batch.frames.isEmpty { return }
        }
        if run.engine.firstFrame == nil {
            pacing.jump(to: run.batch.frames[cursor].time, clock: Clocks.monotonic)
        }
        ingestDue()
        collectMarks()
    }

    /// Analyses the frames that are due, or sleeps until the next one is.
    private mutating func ingestDue() {
        let clock = Clocks.monotonic
        let frames = run.batch.frames
        skipGap(to: frames[cursor].time, clock: clock)
        let due = seekTarget ?? pacing.target(clock: clock)
        var end = frames.count
        if let due { end = frames[cursor...].firstIndex { $0.time > due } ?? frames.count }
        // Stamps that go back are a clock that was set: the replay goes on from there, and does not race through the rest.
        if let step = frames[cursor..<end].indices.dropFirst().first(where: {
            frames[$0 - 1].time - frames[$0].time > Self.longestGap
        }) {
            end = step
        }
        if end > cursor {
            part.bytes = run.batch.bytes
            part.frames.removeAll(keepingCapacity: true)
            part.frames.append(contentsOf: frames[cursor..<end])
            lastAnalysed = part.frames.last?.time
            run.engine.ingest(part)
            run.writeWatched(part)
            // The bytes belong to the batch again, so that reading on does not copy them.
            part.bytes = []
            cursor = end
        }
        guard end < frames.count else { return }
        if let target = seekTarget {
            arrive(at: target, clock: clock)
        } else {
            if let due { run.engine.advance(to: due) }
            let wait = pacing.isPaused ? .max : pacing.delay(until: frames[end].time, clock: clock)
            sleep(min(max(wait, 500_000), AnalysisPump.longestSleep))
        }
    }

    /// The next packet is far off, ahead or by a clock that was set back: goes there, and says so.
    private mutating func skipGap(to next: Timestamp, clock: Nanoseconds) {
        guard seekTarget == nil, !pacing.isPaused, let target = pacing.target(clock: clock),
            run.engine.firstFrame != nil
        else { return }
        let isAhead = next - target > Self.longestGap
        guard isAhead || target - next > Self.longestGap, next != lastStamp else { return }
        defer { lastStamp = next }
        if isAhead {
            // What is silent is judged at the end of the silence, not skipped over.
            status.notify("skipped \(Self.span(next - target)) without a packet")
            pacing.jump(to: next, clock: clock)
        } else if let last = lastAnalysed, last - next > Self.longestGap {
            status.notify("the capture's clock was set back by \(Self.span(last - next))")
            pacing.jump(to: next, clock: clock)
        }
    }

    /// "42 s", "3 h", "20 days": how much is skipped need not be exact.
    private static func span(_ time: Nanoseconds) -> String {
        let seconds = time / 1_000_000_000
        switch seconds {
        case ..<600: return "\(seconds) s"
        case ..<7_200: return "\(seconds / 60) min"
        case ..<172_800: return "\(seconds / 3_600) h"
        default: return "\(seconds / 86_400) days"
        }
    }

    private mutating func arrive(at target: Timestamp, clock: Nanoseconds) {
        seekTarget = nil
        pacing.jump(to: target, clock: clock)
        run.engine.advance(to: target)
        nextPicture = 0
    }

    private mutating func restart() throws(ProgramFailure) {
        try run.restart(settings, engine: AnalysisPump.engineOptions(settings))
        cursor = 0
        part = FrameBatch()
        isAtEnd = false
        seekTarget = nil
        failure = nil
        lastStamp = nil
        lastAnalysed = nil
    }

    // MARK: Commands

    private mutating func obey(_ command: RunCommand) throws(ProgramFailure) {
        let clock = Clocks.monotonic
        switch command {
        case .select(let flow): request.selected = flow
        case .pause(let isPaused): pacing.setPaused(isPaused, position: run.engine.now, clock: clock)
        case .speed(let speed): pacing.setSpeed(speed, position: run.engine.now, clock: clock)
        case .loop(let isLooping): self.isLooping = isLooping
        case .step: try step(clock: clock)
        case .seek(let target): try seek(target)
        case .write(let watched, let path): try write(watched, path: path)
        case .reset: try reset()
        }
        nextPicture = 0
    }

    /// A tenth of a second of capture time, or up to the next frame where that is further.
    private mutating func step(clock: Nanoseconds) throws(ProgramFailure) {
        guard settings.isReplay, !isAtEnd, run.engine.firstFrame != nil else { return }
        var target = run.engine.now + AnalysisPump.stepLength
        if cursor < run.batch.frames.count { target = max(target, run.batch.frames[cursor].time) }
        pacing.setPaused(true, position: run.engine.now, clock: clock)
        seekTarget = target
    }

    private mutating func seek(_ target: SeekTarget) throws(ProgramFailure) {
        guard settings.isReplay, let first = run.engine.firstFrame else { return }
        guard settings.canRestart else { return status.notify("standard input cannot be rewound", .warning) }
        let destination: Timestamp
        switch target {
        // Keys pressed while a seek is going add up.
        case .by(let offset): destination = max(first, (seekTarget ?? run.engine.now) + offset)
        case .to(let offset): destination = first + max(offset, 0)
        case .end: destination = Timestamp(nanoseconds: .max)
        }
        if destination < run.engine.now {
            // Not to be opened again, the capture still plays on.
            do throws(ProgramFailure) {
                try restart()
            } catch {
                return status.notify(error.message, .warning)
            }
        }
        if !isAtEnd { seekTarget = destination }
    }

    private mutating func write(_ watched: WatchedFlow, path: String) throws(ProgramFailure) {
        do throws(ProgramFailure) {
            let name = try run.record(watched, path: path)
            status.notify("writing the flow's packets to \(name) from now on")
        } catch {
            status.notify(error.message, .critical)
        }
    }

    /// Starts counting anew: an empty engine; a replay goes on from where it stands.
    private mutating func reset() throws(ProgramFailure) {
        run.replaceEngine(settings, AnalysisPump.engineOptions(settings))
        status.notify("counting anew")
    }

    // MARK: Pictures

    private mutating func collectMarks() {
        guard run.engine.hasOutputs else { return }
        let first = run.engine.firstFrame
        run.engine.drainOutputs { output in
            if case .event(let event) = output, let first { marks.record(event, first: first) }
        }
    }

    /// A pipe that broke or a file that stopped growing looks as it did last; its age says how long ago that was.
    private mutating func fillSource(_ snapshot: inout Snapshot) {
        guard !settings.isReplay, !settings.isLive else { return }
        let silence = run.silence
        if isAtEnd {
            snapshot.health.source = .ended(silence)
        } else if silence >= AnalysisPump.silenceWorthSaying {
            snapshot.health.source = .silent(silence)
        }
        // Of the last second, which passed without a packet.
        if silence >= .seconds(1) {
            snapshot.packetRate = 0
            snapshot.bitRate = 0
        }
    }

    private mutating func showNotices() {
        for notice in run.takeNotices() { status.notify(notice.text, notice.severity) }
    }

    private mutating func publishWhenDue() {
        let clock = Clocks.monotonic
        guard clock >= nextPicture else { return }
        nextPicture = clock + AnalysisPump.pictureInterval
        cost.advance(to: clock)
        run.engine.sourceProblem = run.problem
        var snapshot = run.engine.snapshot(request)
        cost.fill(&snapshot.health)
        snapshot.health.problem = failure?.message ?? run.problem
        // The engine does not know of it; where it found nothing worse, this is the first thing to know.
        if let problem = snapshot.health.problem, snapshot.headline.rule == nil {
            snapshot.headline = Headline(state: .unknown, text: problem)
        }
        run.fill(&snapshot.health)
        fillSource(&snapshot)
        if settings.isReplay { status.put(replayStatus) }
        snapshots.put(snapshot)
        TerminalSignals.wake()
    }

    private var replayStatus: ReplayStatus {
        let first = run.engine.firstFrame
        let position = first.map { run.engine.now - $0 } ?? 0
        // What was played is a capture's length at least, whatever a survey that is still going says.
        let duration = isAtEnd ? position : survey?.duration.map { max($0, position) }
        return ReplayStatus(
            position: position, duration: duration, speed: pacing.speed, isPaused: pacing.isPaused,
            isLooping: isLooping, isAtEnd: isAtEnd, marks: marks.sorted)
    }

    private func sleep(_ time: Nanoseconds) {
        guard !commands.hasNews else { return }
        usleep(UInt32(clamping: time / 1_000))
    }
}
