import StreamtopBase
import StreamtopCapture
import StreamtopDiagnosis
import StreamtopEngine
import StreamtopExport
import StreamtopModel
import StreamtopTerminal

/// `--json`: records on standard output, no screen.
enum RunJSON {
    static func run(_ settings: Settings) throws(ProgramFailure) -> ExitStatus {
        TerminalSignals.install()
        let began = Clocks.monotonic
        var options = EngineOptions()
        options.collectsEvents = settings.events
        options.sampleInterval = settings.interval ?? (settings.isLive ? .seconds(1) : nil)
        options.keepsSeries = settings.qlogFolder != nil
        if settings.qlogFolder != nil { options.loggedPackets = 262_144 }
        var run = try AnalysisRun(settings, engine: options)
        var records = try RecordStream(settings)
        var damage: ProgramFailure?
        do throws(ProgramFailure) {
            try follow(&run, &records)
        } catch {
            // What was read before the damage is still told.
            guard error.status == .file else { throw error }
            damage = error
        }
        run.finish()
        let elapsed = settings.isDeterministic ? nil : Clocks.monotonic - began
        try records.finish(&run, damage: damage, elapsed: elapsed)
        run.engine.abandon()
        if let damage { throw damage }
        return records.hasFailedOutputs ? .failure : .done
    }

    private static func follow(_ run: inout AnalysisRun, _ records: inout RecordStream) throws(ProgramFailure) {
        while !run.isOver, !records.isClosed, !TerminalSignals.isStopPending {
            let status = try run.step()
            if status == .ended { break }
            try records.continue(&run)
        }
    }
}

/// Turns what the engine hands out into lines, in the contract's order.
private struct RecordStream: ~Copyable {
    private var output = OutputBuffer()
    private var exporter = JSONLinesExporter()
    private let settings: Settings
    private let opened = Clocks.wall
    private var hasMeta = false
    /// Capture time at which flows were last printed.
    private var lastFlows: Timestamp?
    /// Time for the last records after a request to stop.
    private static let lastRecords: Nanoseconds = .milliseconds(1_200)
    private let flowInterval: Nanoseconds
    /// More active flows than this are told of every ten seconds only.
    private static let flowsPerSecond = 256
    private var lastHost: Timestamp?
    private static let hostInterval: Nanoseconds = .seconds(1)
    private var qlog: QLogFolder?

    init(_ settings: Settings) throws(ProgramFailure) {
        let qlog: QLogFolder? =
            if let path = settings.qlogFolder { try QLogFolder(path, settings) } else { nil }
        self.settings = settings
        self.qlog = qlog
        flowInterval = max(.milliseconds(500), min(settings.interval ?? .seconds(1), .seconds(1)))
    }

    var isClosed: Bool { output.isClosed }

    /// A file beside the records could not be written.
    private(set) var hasFailedOutputs = false

    /// Writes what came up since the last call.
    mutating func `continue`(_ run: inout AnalysisRun) throws(ProgramFailure) {
        if !hasMeta { appendMeta(run) }
        try append(&run)
        RunNotice.print(run.takeNotices(withProblem: true))
        if settings.isLive {
            appendActiveFlows(&run.engine)
            appendHost(run.engine)
        }
        if settings.isLive || settings.follows { try output.flush() } else { try output.drain() }
    }

    /// The final records.
    mutating func finish(
        _ run: inout AnalysisRun, damage: ProgramFailure?, elapsed: Nanoseconds?
    ) throws(ProgramFailure) {
        if !hasMeta { appendMeta(run) }
        try append(&run)
        lastHost = nil
        appendHost(run.engine)
        var failure: ProgramFailure?
        var judge = HeadlineJudge(at: run.engine.now)
        // Whoever asks to stop is answered within two seconds, however many flows there are: the rest is counted.
        let deadline = TerminalSignals.isStopPending ? Clocks.monotonic + Self.lastRecords : nil
        func hasTime() -> Bool { deadline.map { Clocks.monotonic < $0 } ?? true }
        let unwritten = run.engine.forEachFinalFlow(while: hasTime) { flow in
            judge.add(flow)
            guard failure == nil, !output.isClosed else { return }
            exporter.appendFlow(flow, to: &output.bytes)
            do throws(ProgramFailure) {
                try output.drain()
            } catch {
                failure = error
            }
            qlog?.write(flow)
        }
        if let failure { throw failure }
        noteFailedLog(&run)
        RunNotice.print(run.takeNotices(withProblem: true))
        hasFailedOutputs = !run.failedOutputs.isEmpty
        for call in run.engine.finalCalls() {
            judge.add(call)
            exporter.appendCall(call, to: &output.bytes)
        }
        for session in run.engine.mediaSessions() {
            judge.add(session, at: run.engine.now)
            exporter.appendMediaSession(session, to: &output.bytes)
        }
        var health = run.engine.health
        // Damage at its end takes nothing from what was read before; it stands beside the first line, not in its place.
        health.problem = run.problem
        let headline = judge.headline(
            capture: run.engine.captureVerdicts, health: health, totals: run.engine.trafficTotals)
        health.problem = damage?.message ?? run.problem
        run.fill(&health)
        let duration = run.engine.firstFrame.map { run.engine.now - $0 } ?? 0
        var totals = run.engine.trafficTotals
        totals.unwrittenFlows = unwritten
        exporter.appendSummary(
            totals, health: health, duration: duration, elapsed: elapsed,
            verdicts: run.engine.captureVerdicts + judge.destinationVerdicts(),
            headline: headline, kernel: run.engine.kernelComparison,
            to: &output.bytes)
        try output.flush()
    }

    /// Live: how the active flows stand, now and then, for readers who cannot wait for the end.
    private mutating func appendActiveFlows(_ engine: inout EngineGroup) {
        guard engine.firstFrame != nil else { return }
        guard let last = lastFlows else {
            lastFlows = engine.now
            return
        }
        let isCrowded = engine.flowCount > Self.flowsPerSecond
        guard engine.now - last >= (isCrowded ? .seconds(10) : flowInterval) else { return }
        lastFlows = engine.now
        engine.forEachFlow(activeSince: last) { exporter.appendFlow($0, to: &output.bytes) }
        for call in engine.calls(activeSince: last) { exporter.appendCall(call, at: engine.now, to: &output.bytes) }
    }

    /// Live: how the buffers of this host stand.
    private mutating func appendHost(_ engine: borrowing EngineGroup) {
        guard let host = engine.host, host.time - (lastHost ?? Timestamp(nanoseconds: .min)) >= Self.hostInterval else {
            return
        }
        lastHost = host.time
        exporter.appendHost(host, verdicts: engine.captureVerdicts, to: &output.bytes)
    }

    private mutating func appendMeta(_ run: borrowing AnalysisRun) {
        hasMeta = true
        let start = settings.isLive ? opened : run.engine.firstFrame
        exporter.appendMeta(
            SourceDescription(
                kind: settings.isLive ? .interface : .file, names: settings.inputNames,
                linkTypes: run.feed.facts.linkTypes,
                snapLength: run.feed.facts.snaplen, filter: settings.filter, start: start),
            version: Version.text, to: &output.bytes)
    }

    private mutating func append(_ run: inout AnalysisRun) throws(ProgramFailure) {
        guard run.engine.hasOutputs else { return }
        run.engine.drainOutputs { entry in
            switch entry {
            case .event(let event): exporter.appendEvent(event, to: &output.bytes)
            case .sample(let flow, let start, let sample):
                exporter.appendSample(sample, flow: flow, start: start, to: &output.bytes)
            case .retired(let flow):
                exporter.appendFlow(flow, to: &output.bytes)
                qlog?.write(flow)
            }
        }
        noteFailedLog(&run)
    }

    private mutating func noteFailedLog(_ run: inout AnalysisRun) {
        if let failure = qlog?.takeFailure() { run.note(failure) }
    }
}
