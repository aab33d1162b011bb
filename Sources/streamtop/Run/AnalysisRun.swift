import StreamtopBase
import StreamtopCapture
import StreamtopEngine
import StreamtopHost
import StreamtopModel
import StreamtopView

/// Frames in, an engine fed: the loop every mode shares. Counts what `-c` and `--duration` allow.
struct AnalysisRun: ~Copyable {
    var engine: EngineGroup
    var feed: FrameFeed
    var batch = FrameBatch()
    /// No frame follows: the source ended or a limit was reached.
    private(set) var isOver = false

    private let isLive: Bool
    private let writesSecrets: Bool
    private var packetsLeft: Int
    private let duration: Nanoseconds?
    private var deadline = Timestamp(nanoseconds: .max)
    private var keyLog: KeyLogFile?
    /// The key log as the command line named it; nil when only the environment did.
    private let namedKeyLog: String?
    private var keyLogSecrets = 0
    private var reportedKeyLogProblem: String?
    /// Whose rights this process has now, where it began with root's.
    private let successor: String?
    /// The part of a key log that is read before the first frame was read.
    private var isKeyLogRead = false
    /// Secrets that came since the last frames, to be written in front of the next.
    private var captured: [CapturedSecrets] = []
    private var writer: CaptureWriter?
    private var recorders: [FlowRecorder] = []
    /// Files that were to be written and are not whole; the newest at the end.
    private(set) var failedOutputs: [FailedOutput] = []
    private var notices: [RunNotice] = []
    /// Live: how far the analysis is behind.
    private var lag = WireLag()
    /// Live: frames that were captured before the end and could not be analysed in time.
    private var leftBehind: UInt64 = 0
    /// Monotonic time at which the source last gave frames.
    private var lastFrames = Clocks.monotonic
    private var reportedProblem: String?
    /// Asks the host's kernel, live; nil where that was not wanted or is not possible.
    private let hostWatch: HostWatch?
    private var nextRequests: Nanoseconds = 0
    private static let requestInterval: Nanoseconds = .milliseconds(200)
    /// Why capabilities could not be given up; nil when all is well.
    private let privilegeProblem: String?

    init(_ settings: Settings, engine options: EngineOptions) throws(ProgramFailure) {
        if settings.keylog != nil { Privileges.forbidCoreFiles() }
        try ProtectedFiles.checkStandardOutput(settings)
        // Whatever can fail comes first: an owner of an engine is whole or not there. Root opens interfaces, and files
        // to read for who may be root; what is written is the caller's. Nobody owns nothing: there root opens all.
        Privileges.raise()
        let user = try AnalysisRun.userAfterRoot(settings)
        let isEarly = !settings.isLive && Privileges.isSetuid
        if isEarly { try AnalysisRun.become(user) }
        let feed = try FrameFeed(settings)
        // Handles to the kernel are opened with the rights there are now, and go on answering without them.
        let hostWatch = HostWatch.open(settings, becomesOther: user != nil)
        if !isEarly, user?.isNobody == false { try AnalysisRun.become(user) }
        let writer: CaptureWriter? =
            if let path = settings.writeFile { try CaptureWriter(path: path, settings: settings) } else { nil }
        let keyLog: KeyLogFile? =
            if let path = settings.keylog {
                try KeyLogFile(path, mayAppear: settings.isLive, isOptional: settings.isKeylogOptional)
            } else { nil }
        if !isEarly, user?.isNobody == true { try AnalysisRun.become(user) }
        // What is open stays open; nothing more needs privileges, except to open an interface that went away.
        privilegeProblem = Privileges.drop(keeping: settings.isLive ? .rawSockets : .nothing)
        successor = user == nil ? nil : Privileges.currentUser
        self.feed = feed
        self.hostWatch = hostWatch
        self.writer = writer
        self.keyLog = keyLog
        engine = EngineGroup(options: AnalysisRun.completed(options, for: settings, feed))
        engine.awaitSecrets(settings.isLive && settings.keylog != nil)
        isLive = settings.isLive
        writesSecrets = settings.writesSecrets
        namedKeyLog = settings.isKeylogOptional ? nil : settings.keylog
        packetsLeft = settings.packetCount ?? .max
        duration = settings.duration
        if isLive, let duration { deadline = Clocks.wall + duration }
        hostWatch?.start()
    }

    /// Who this process becomes when all is open. Root that reads files stays, unless it named somebody: what it may read
    /// again when a replay goes back is nobody else's.
    private static func userAfterRoot(_ settings: Settings) throws(ProgramFailure) -> Privileges.User? {
        do throws(Privileges.Failure) {
            let user = try Privileges.user(after: settings.successor)
            return user?.isNobody == true && !settings.isLive ? nil : user
        } catch {
            throw ProgramFailure(.failure, error.message)
        }
    }

    private static func become(_ user: Privileges.User?) throws(ProgramFailure) {
        guard let user else { return }
        do throws(Privileges.Failure) { try Privileges.become(user) } catch {
            throw ProgramFailure(.failure, error.message)
        }
    }

    /// What differs between a live capture and a file.
    private static func completed(
        _ options: EngineOptions, for settings: Settings, _ feed: FrameFeed
    ) -> EngineOptions {
        var options = options
        options.limits.memory = settings.memoryMebibytes << 20  // at most 64 GiB
        guard settings.isLive else { return options }
        options.retiresFlows = true
        options.hashSeed = UInt64.random(in: .min ... .max)
        options.localAddresses = feed.localAddresses
        options.asksHost = settings.asksKernel
        return options
    }

    /// Secrets of others' connections read so far; nil when no key log was named and the capture carried none.
    var secretsRead: Int? { engine.secretsRead > 0 || namedKeyLog != nil ? engine.secretsRead : nil }

    /// Why nothing is read from the key log that was named, where it is there: most often its writer made it for itself alone.
    var keyLogProblem: String? {
        let hindrance: String? =
            switch keyLog {
            case .some(let log): log.hindrance
            case .none: nil
            }
        guard let path = namedKeyLog, let hindrance else { return nil }
        let who = successor.map { " by \($0), who runs this now (-Z USER chooses)" } ?? ""
        return "\(path): the key log cannot be read\(who): \(hindrance)"
    }

    /// What is wrong with the capture though it goes on, in words.
    var problem: String? { feed.problem ?? privilegeProblem }

    /// Fetches the next frames into `batch`, without analysing them.
    mutating func fetch() throws(ProgramFailure) -> SourceStatus {
        guard !isOver else { return .ended }
        let status = try feed.next(into: &batch)
        takeSecrets()
        for name in feed.takeHostNames() { engine.note(name) }
        switch status {
        case .frames:
            lastFrames = Clocks.monotonic
            admit()
            captured.removeAll()
        case .idle:
            if isLive, Clocks.wall >= deadline { isOver = true }
            writer?.flush()
            collectFailures()
        case .ended: isOver = true
        }
        return isOver && batch.frames.isEmpty ? .ended : status
    }

    /// Fetches and analyses the next frames.
    mutating func step() throws(ProgramFailure) -> SourceStatus {
        let status = try fetch()
        if isLive {
            if let first = batch.frames.first {
                lag.observe(frameAt: first.time, clock: Clocks.wall)
            } else {
                lag.catchUp()
            }
            engine.observe(drops: drops, behind: lag.current)
        }
        observeHost()
        if status == .frames {
            engine.ingest(batch)
            writeWatched(batch)
        }
        // While the wire is silent, time still passes.
        if isLive, status == .idle { engine.advance(to: Clocks.wall) }
        return status
    }

    /// Hands the engine what the host's kernel said, and the kernel's thread what the engine wants to know.
    private mutating func observeHost() {
        guard let hostWatch else { return }
        for report in hostWatch.takeReports() { engine.observe(report) }
        let clock = Clocks.monotonic
        guard clock >= nextRequests else { return }
        nextRequests = clock + AnalysisRun.requestInterval
        hostWatch.request(engine.takeHostRequests())
    }

    private var drops: CaptureDrops {
        var drops = feed.drops
        drops.own = leftBehind
        return drops
    }

    /// What this run knows of its source and its files, beside what the engine knows.
    func fill(_ health: inout CaptureHealth) {
        health.failedOutputs = failedOutputs
        health.secrets = secretsRead
        health.keyLogProblem = keyLogProblem
        guard isLive else { return }
        health.behind = lag.current
        health.longestBehind = lag.longest
    }

    /// Time since the source last gave frames.
    var silence: Nanoseconds { Clocks.monotonic - lastFrames }

    // MARK: The end of a live capture

    /// How long frames that wait in the kernel's buffer are still analysed after the end was asked for, and how long those
    /// beyond it are counted.
    private static let analysisAfterEnd: Nanoseconds = .seconds(1)
    private static let countingAfterEnd: Nanoseconds = .milliseconds(400)

    /// Takes what was captured before now out of the kernel's buffer, so that the summary tells of all of it: as frames
    /// while there is time, then as a number.
    private mutating func drain() {
        let end = Clocks.wall
        let start = Clocks.monotonic
        while (try? feed.next(into: &batch)) == .frames {
            let isPast = batch.frames.allSatisfy { $0.time > end }
            batch.frames.removeAll { $0.time > end }
            let passed = Clocks.monotonic - start
            if passed < AnalysisRun.analysisAfterEnd {
                admit()
                captured.removeAll()
                engine.ingest(batch)
                writeWatched(batch)
            } else {
                leftBehind &+= UInt64(batch.frames.count)
            }
            if isPast || passed >= AnalysisRun.analysisAfterEnd + AnalysisRun.countingAfterEnd { break }
        }
        batch.frames.removeAll()
    }

    /// From now on also writes the flow's packets to a file. Returns its name.
    mutating func record(_ watched: WatchedFlow, path: String) throws(ProgramFailure) -> String {
        let recorder = try FlowRecorder(watched, path: path)
        watched.watch(in: &engine)
        recorders.append(recorder)
        return recorder.name
    }

    /// What packets are being written to.
    var recordings: RecordingStatus {
        RecordingStatus(flows: Set(recorders.map(\.watched.flow)), hasCopy: writer != nil)
    }

    /// Ends the file of one flow or, with nil, every file that packets are written to. The analysis goes on.
    mutating func endRecordings(of flow: FlowIdentifier?) {
        for index in recorders.indices.reversed() where flow == nil || recorders[index].watched.flow == flow {
            recorders[index].finish(facts: feed.facts)
            if recorders[index].failure == nil {
                notices.append(
                    RunNotice(text: "\(recorders[index].packets) packets in \(recorders[index].name)", severity: .info))
                engine.unwatch(recorders[index].watched.flow)
                recorders.remove(at: index)
            }
        }
        if flow == nil, let path = writer?.path {
            writer?.finish(facts: feed.facts)
            if writer?.failure == nil {
                notices.append(RunNotice(text: "the copy has ended: \(path)", severity: .info))
                writer = nil
            }
        }
        collectFailures()
    }

    /// Ends the analysis and the files that are written.
    mutating func finish() {
        for report in hostWatch?.takeReports() ?? [] { engine.observe(report) }
        hostWatch?.stop()
        if isLive { takeNewKeyLog() }
        let isDrained = isLive && !isOver
        if isDrained { drain() }
        isOver = true
        if isLive {
            // What was dropped since the source counted last.
            feed.countDrops()
            engine.observe(drops: drops, behind: isDrained ? 0 : lag.current)
        }
        if isLive { noteMissingSecrets() }
        engine.finish()
        writer?.append(FrameBatch(), secrets: captured, facts: feed.facts)
        captured.removeAll()
        writer?.finish(facts: feed.facts)
        for index in recorders.indices { recorders[index].finish(facts: feed.facts) }
        collectFailures()
    }

    /// What the user should be told once, since the last call; where there is no screen to say it for as long as it lasts,
    /// also what is wrong with the source.
    mutating func takeNotices(withProblem: Bool = false) -> [RunNotice] {
        defer { notices.removeAll() }
        let problem = problem
        if withProblem, problem != reportedProblem {
            reportedProblem = problem
            if let problem { notices.append(RunNotice(text: problem, severity: .warning)) }
        }
        return notices
    }

    /// Another file of this run could not be written.
    mutating func note(_ failure: FailedOutput) {
        failedOutputs.append(failure)
        notices.append(RunNotice(text: failure.reason, severity: .critical))
    }

    /// A file that fails is given up; the analysis goes on.
    private mutating func collectFailures() {
        if let failure = writer?.failure {
            note(failure)
            writer = nil
        }
        for index in recorders.indices.reversed() {
            guard let failure = recorders[index].failure else { continue }
            note(failure)
            engine.unwatch(recorders[index].watched.flow)
            recorders.remove(at: index)
        }
    }

    /// Starts over: an empty engine, the source from its beginning.
    mutating func restart(_ settings: Settings, engine options: EngineOptions) throws(ProgramFailure) {
        let fresh = try FrameFeed(settings)
        if let path = settings.keylog {
            keyLog = try KeyLogFile(path, mayAppear: settings.isLive, isOptional: settings.isKeylogOptional)
        }
        feed = fresh
        engine = EngineGroup(options: AnalysisRun.completed(options, for: settings, feed))
        isKeyLogRead = false
        // What was written is written: a second pass adds nothing to it.
        writer = nil
        batch = FrameBatch()
        packetsLeft = settings.packetCount ?? .max
        deadline = Timestamp(nanoseconds: .max)
        isOver = false
    }

    /// Writes the packets of flows that are recorded, out of the batch that was analysed last.
    mutating func writeWatched(_ batch: borrowing FrameBatch) {
        guard !recorders.isEmpty else { return }
        for index in recorders.indices {
            recorders[index].append(
                engine.takeFrames(of: recorders[index].watched.flow), of: batch, facts: feed.facts)
        }
        collectFailures()
    }

    /// Forgets all that was analysed; the source goes on. Files of single flows end: flows are numbered anew.
    mutating func replaceEngine(_ settings: Settings, _ options: EngineOptions) {
        var fresh = EngineGroup(options: AnalysisRun.completed(options, for: settings, feed))
        fresh.adoptSecrets(of: engine)
        fresh.adoptHostNames(of: engine)
        for index in recorders.indices { recorders[index].finish(facts: feed.facts) }
        collectFailures()
        recorders.removeAll()
        engine = fresh
    }

    /// Hands new secrets to the engine, before the frames that they open.
    private mutating func takeSecrets() {
        let carried = feed.takeSecrets()
        captured += carried
        // Given by --keylog: forbidden from the start. Out of the capture itself: now.
        if !carried.isEmpty, keyLog == nil { Privileges.forbidCoreFiles() }
        for secrets in carried where secrets.kind == .tlsKeyLog {
            engine.append(keyLog: secrets.bytes)
            engine.endKeyLog()
        }
        guard keyLog != nil else { return }
        if isLive {
            takeNewKeyLog()
        } else if !isKeyLogRead {
            // What opens a file's frames is there before the first of them.
            isKeyLogRead = true
            guard var log = keyLog.take() else { return }
            log.readAll { takeKeyLog($0) }
            keyLog = consume log
            engine.endKeyLog()
            noteMissingSecrets()
        } else {
            takeNewKeyLog()
            engine.endKeyLog()
        }
    }

    /// Pieces of a key log taken between two batches of frames; what is left comes with the next.
    private static let keyLogPieces = 16

    private mutating func takeNewKeyLog() {
        defer { noteKeyLogProblem() }
        for _ in 0..<AnalysisRun.keyLogPieces {
            guard let text = keyLog?.read(), !text.isEmpty else { return }
            takeKeyLog(text)
        }
    }

    private mutating func takeKeyLog(_ text: [UInt8]) {
        guard !text.isEmpty else { return }
        let before = engine.secretsRead
        engine.append(keyLog: text)
        keyLogSecrets += engine.secretsRead - before
        if writesSecrets { captured.append(CapturedSecrets(kind: .tlsKeyLog, bytes: text, beforeFrame: 0)) }
    }

    /// Said once for each reason, and again where it comes back.
    private mutating func noteKeyLogProblem() {
        let problem = keyLogProblem
        guard problem != reportedKeyLogProblem else { return }
        reportedKeyLogProblem = problem
        if let problem { notices.append(RunNotice(text: problem, severity: .warning)) }
    }

    /// A log that was named and opens nothing is most likely the wrong file.
    private mutating func noteMissingSecrets() {
        guard let path = namedKeyLog, keyLogSecrets == 0, keyLogProblem == nil else { return }
        notices.append(RunNotice(text: "0 secrets read from \(path): nothing is decrypted with it", severity: .warning))
    }

    /// Cuts the batch at the limits and writes it where that was asked for.
    private mutating func admit() {
        if batch.frames.count >= packetsLeft {
            batch.frames.removeSubrange(packetsLeft...)
            isOver = true
        }
        packetsLeft -= batch.frames.count
        if let duration {
            if deadline.nanoseconds == .max, let first = batch.frames.first { deadline = first.time + duration }
            if let end = batch.frames.firstIndex(where: { $0.time > deadline }) {
                batch.frames.removeSubrange(end...)
                isOver = true
            }
        }
        writer?.append(batch, secrets: captured, facts: feed.facts)
        collectFailures()
    }
}
