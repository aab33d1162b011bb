import StreamtopApplication
import StreamtopBase
import StreamtopDiagnosis
import StreamtopModel

/// The engines of one capture as one: what the program uses.
///
/// The group numbers the frames, resolves what comes before flows (`Intake`), owns the clock and its ticks, names flows and joins facts of
/// different flows; engines own flows.
/// Today there is one engine, and it runs on the caller's thread. What makes several possible is kept already: an engine never
/// ticks by itself, no engine reads another's state, what chooses among all flows does so at a tick, when every engine stands
/// still between the same two frames, and joins are small values consumed in the order of frames.
package struct EngineGroup: ~Copyable {
    /// What a renderer wants of a snapshot.
    package struct SnapshotRequest: Sendable {
        /// Flows at most, the most recently active ones; their order is that of first packets.
        package var flowLimit = 4_096
        /// The flow whose whole series is wanted; the others get the tail for a sparkline.
        package var selected: FlowIdentifier?
        /// Samples of the tail.
        package var sparkline = 32

        package init() {}
    }

    var engine: FlowEngine
    private var intake: Intake
    private var clock: CaptureClock
    private var joiner: Joiner
    private var media = MediaSessions()
    private var ranks = FlowRanks()
    private var pathBases = PathBases()
    /// Frames taken so far; the ordinal of the last.
    private var frames: UInt64 = 0

    package init(options: EngineOptions = EngineOptions()) {
        engine = FlowEngine(options: options)
        intake = Intake(limits: options.limits)
        clock = CaptureClock(sampleInterval: options.sampleInterval, keepsSeries: options.keepsSeries)
        joiner = Joiner(limits: options.limits)
        engine.settle(captureFacts)
    }

    // MARK: Time and frames

    /// Analyses every frame of the batch, in order. A tick cuts it.
    package mutating func ingest(_ batch: borrowing FrameBatch) {
        var start = 0
        let records = batch.frames.span
        for index in records.indices {
            if clock.observe(records[index].time) {
                analyse(batch, start..<index)
                tick()
                start = index
            } else if clock.isSetBack {
                // The frames that show it are read, and tell what to add from now on.
                analyse(batch, start..<(index + 1))
                clock.follow(intake.stamps.offset)
                start = index + 1
            }
        }
        analyse(batch, start..<batch.frames.count)
        clock.follow(intake.stamps.offset)
    }

    /// Moves capture time on without a frame, for timeouts and samples while the wire is silent.
    package mutating func advance(to time: Timestamp) {
        if clock.advance(to: time) { tick() } else { engine.settle(captureFacts) }
    }

    private mutating func analyse(_ batch: borrowing FrameBatch, _ part: Range<Int>) {
        if !part.isEmpty {
            engine.ingest(batch, part, from: frames + 1, &intake)
            frames += UInt64(part.count)
            engine.rank(from: ranks.give(engine.output.openings.count))
            media.consume(&engine)
            intake.connections.enter(&engine.quicPaths.announcements)
        }
        engine.settle(captureFacts)
    }

    private mutating func tick() {
        join()
        engine.settle(captureFacts)
        var tick = clock.takeTick()
        if tick.isSecond { tick.lost = intake.fragments.takeLosses(at: tick.time) }
        media.advance(to: tick, &engine)
        engine.perform(tick)
        if tick.isSecond { judge() }
        engine.rank(from: ranks.give(engine.output.openings.count))
        engine.settle(captureFacts)
    }

    /// What chooses among all flows, or joins what they know, over the flows of all engines.
    private mutating func judge() {
        let claims = engine.takeClaims()
        pathBases.note(engine.pathNotes(claims), at: clock.now)
        engine.share(pathBases, with: claims)
        let chosen = JudgementClaim.choose(among: [claims], limit: engine.options.limits.diagnosesPerSecond)
        engine.judge(chosen[0])
        engine.retireSilentFlows()
    }

    private mutating func join() { engine.apply(joiner.consume(engine.facts.take())) }

    private var captureFacts: CaptureFacts {
        CaptureFacts(
            now: clock.now, firstFrame: clock.firstFrame, timestampsBackwards: clock.backwards,
            tables: joiner.health + media.health, intake: intake.facts)
    }

    /// Ends the analysis: what waits is given up, and flows are judged on their whole life when they are next looked at.
    package mutating func finish() {
        join()
        engine.settle(captureFacts)
        engine.finish(lost: intake.fragments.takeLosses(at: Timestamp(nanoseconds: .max)))
        engine.settle(captureFacts)
    }

    /// Capture time: the latest stamp seen.
    package var now: Timestamp { clock.now }
    package var firstFrame: Timestamp? { clock.firstFrame }

    // MARK: What comes beside the frames

    /// The capture names a host.
    package mutating func note(_ name: HostName) { engine.note(name) }

    /// Drops of the capture so far, as its source counts them, and how far the analysis is behind the wire.
    package mutating func observe(drops: CaptureDrops, behind: Nanoseconds) {
        engine.observe(drops: drops, behind: behind)
    }

    /// What the kernel of this host says.
    package mutating func observe(_ report: HostReport) { engine.observe(report) }

    /// What to ask the kernel about, since the last call.
    package mutating func takeHostRequests() -> HostRequests { engine.takeHostRequests() }

    /// The buffers of this host as told last; nil where nobody asks.
    package var host: HostSnapshot? { engine.host.host }

    /// How our estimates compare with the kernel's values; nil where nobody asks.
    package var kernelComparison: KernelComparison? { engine.host.isAsked ? engine.host.comparison.snapshot : nil }

    /// Adds key log text; lines may be cut anywhere. What it opens later is decrypted, what waited for it too.
    package mutating func append(keyLog text: [UInt8]) { engine.append(keyLog: text) }

    /// The key log's text ended: a last line without a line feed counts. Text of another source may follow.
    package mutating func endKeyLog() { engine.endKeyLog() }

    /// Secrets that the key log text given so far held.
    package var secretsRead: Int { engine.secretsRead }

    /// More secrets may come: encrypted records are held for them, within bounds.
    package mutating func awaitSecrets(_ awaits: Bool) { engine.awaitSecrets(awaits) }

    /// Takes over the secrets given to another group, for one that starts afresh.
    package mutating func adoptSecrets(of other: borrowing EngineGroup) { engine.adoptSecrets(of: other.engine) }

    /// Takes over the names that another group was told.
    package mutating func adoptHostNames(of other: borrowing EngineGroup) { engine.adoptHostNames(of: other.engine) }

    // MARK: What comes out

    /// Takes what was produced since the last call, in order.
    package mutating func drainOutputs(_ body: (EngineOutput) -> Void) { engine.drainOutputs(body) }
    package var hasOutputs: Bool { engine.hasOutputs }

    /// Everything a dashboard shows.
    package mutating func snapshot(_ request: SnapshotRequest = SnapshotRequest()) -> Snapshot {
        let read = judgedSessions([])
        var snapshot = engine.snapshot(request, mediaSessions: read)
        let encrypted = snapshot.flows.compactMap { EncryptedConnection($0) }
        snapshot.mediaSessions += InferredSessions.sessions(among: encrypted, after: read.count)
        return snapshot
    }

    /// The final snapshot of every flow still in the table, judged, by first packet.
    @discardableResult
    package mutating func forEachFinalFlow(
        while goesOn: () -> Bool = { true }, _ body: (FlowSnapshot) -> Void
    ) -> Int { engine.forEachFinalFlow(while: goesOn, body) }

    /// The calls of the run, after the final flows were asked for.
    package mutating func finalCalls() -> [CallSnapshot] { engine.finalCalls() }

    /// The media sessions of the run, as they stand.
    package mutating func mediaSessions() -> [MediaSessionSnapshot] {
        let sessions = judgedSessions(engine.sessions.encryptedConnections)
        engine.counts.totals.sessions = UInt64(engine.sessions.callCount + sessions.count)
        return sessions
    }

    private func judgedSessions(_ encrypted: [EncryptedConnection]) -> [MediaSessionSnapshot] {
        guard !media.isEmpty || !encrypted.isEmpty else { return [] }
        let health = engine.health
        let read = media.snapshots(at: now)
        return (read + InferredSessions.sessions(among: encrypted, after: read.count))
            .map { SessionDiagnosis.judged($0, health: health) }
    }
    /// The calls that go on, as they stand.
    package func calls(activeSince time: Timestamp) -> [CallSnapshot] { engine.calls(activeSince: time) }

    /// The flows that had packets after `time`, as they stand, by first packet.
    package func forEachFlow(activeSince time: Timestamp, _ body: (FlowSnapshot) -> Void) {
        engine.forEachFlow(activeSince: time, body)
    }

    /// One flow by its identifier; nil when it is not in the table.
    package func flow(_ identifier: FlowIdentifier) -> FlowSnapshot? { engine.flow(identifier) }

    /// What is to be said of the capture itself.
    package var captureVerdicts: [Verdict] { engine.captureVerdicts }
    package var health: CaptureHealth { engine.health }
    /// What is wrong with the source right now, in words; nil when all is well.
    package var sourceProblem: String? {
        get { engine.counts.sourceProblem }
        set { engine.counts.sourceProblem = newValue }
    }
    package var trafficTotals: TrafficTotals { engine.trafficTotals }
    package var flowCount: Int { engine.flowCount }

    /// The process ends: leaves what is known of the flows to the system.
    package mutating func abandon() { engine.abandon() }
}
