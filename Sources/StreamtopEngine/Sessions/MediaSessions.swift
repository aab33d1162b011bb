import StreamtopApplication
import StreamtopBase
import StreamtopModel
import StreamtopWire

/// What exchanges of one engine told of media since it was last asked, capped.
struct MediaReportList {
    static let capacity = 65_536

    private(set) var list: [(flow: FlowReference, report: FlowReport)] = []
    private(set) var refused: UInt64 = 0

    mutating func append(_ report: FlowReport, of flow: FlowReference) {
        guard list.count < Self.capacity else {
            refused &+= 1
            return
        }
        list.append((flow, report))
    }

    mutating func take() -> [(flow: FlowReference, report: FlowReport)] {
        var taken: [(flow: FlowReference, report: FlowReport)] = []
        swap(&taken, &list)
        return taken
    }
}

extension FlowEngine {
    /// The exchange that was just observed has something to tell: people hear of media as they come, sessions at the end of this part
    /// of the batch.
    @inline(never)
    mutating func noteMedia(_ position: UInt32) {
        var reports: [MediaReport] = []
        swap(&reports, &trackers.reports)
        let reference = flows[position].reference(at: position)
        for report in reports {
            tellMedia(report, of: position)
            sessions.mediaReports.append(
                FlowReport(
                    flow: reference.ordinal, identifier: nil, client: flows[position].clientEndpoint,
                    server: flows[position].serverEndpoint, report: report), of: reference)
        }
        reports.removeAll(keepingCapacity: true)
        swap(&reports, &trackers.reports)
    }

    private mutating func tellMedia(_ report: MediaReport, of position: UInt32) {
        switch report.content {
        case .chunk(let fragment):
            let age = fragment.producerReferenceTime.map { fragment.lastByte - $0.wallClock }
            emit(
                .mediaChunk(exchange: report.exchange.identifier, bytes: fragment.byteCount, age: age), of: position,
                at: report.time)
        case .ended(let transfer) where transfer.isMedia && transfer.isComplete:
            var event = MediaSegmentEvent(
                exchange: report.exchange.identifier, url: URLSecrets.masked(report.exchange.url),
                bytes: transfer.bytes,
                chunks: transfer.mediaChunks)
            event.download = report.exchange.requestTime.map { report.time - $0 }
            event.throughput = transfer.throughput
            emit(.mediaSegment(event), of: position, at: report.time)
        default: break
        }
    }

    /// What was told since the last call, with the names that flows have by now.
    mutating func takeMediaReports() -> [FlowReport] {
        sessions.mediaReports.take().map { entry in
            var report = entry.report
            if flows.contains(entry.flow.position), flows[entry.flow.position].ordinal == entry.flow.ordinal {
                report.identifier = flows[entry.flow.position].identifier
            }
            return report
        }
    }

    /// Something that a session found out: it goes among what was produced and not taken yet, by its time.
    mutating func tell(_ kind: FlowEvent.Kind, of flow: FlowIdentifier, start: Timestamp, at time: Timestamp) {
        guard options.collectsEvents else { return }
        let event = FlowEvent(time: time, flow: flow, sinceStart: time - start, kind: kind)
        var index = output.entries.count
        while index > 0, output.entries[index - 1].isLater(than: time) { index -= 1 }
        output.entries.insert(.event(event), at: index)
        output.settled = output.entries.count
    }

    func start(of flow: FlowIdentifier) -> Timestamp? {
        flows.positions.first { flows[$0].identifier == flow }.map { flows[$0].start }
    }
}

extension EngineOutput {
    fileprivate func isLater(than time: Timestamp) -> Bool {
        switch self {
        case .event(let event): event.time > time
        case .sample(_, _, let sample): sample.time > time
        case .retired: false
        }
    }
}

/// The media sessions of a capture, fed by all engines in the order of frames.
struct MediaSessions {
    private var table = MediaSessionTable()
    /// What of it is charged to the budget of the engine.
    private var chargedBytes = 0

    /// Takes what the engine was told in the part of a batch behind it. Where batches end makes no difference: facts alone move
    /// sessions.
    mutating func consume(_ engine: inout FlowEngine) {
        guard !engine.sessions.mediaReports.list.isEmpty else { return }
        var events: [(session: Int, flow: FlowIdentifier?, MediaSessionEvent)] = []
        for report in engine.takeMediaReports() { table.take(report, into: &events) }
        engine.memory.budget.change(from: chargedBytes, to: table.manifestBytes)
        chargedBytes = table.manifestBytes
        tell(events, &engine)
    }

    /// Capture time has come to a tick.
    mutating func advance(to tick: Tick, _ engine: inout FlowEngine) {
        guard !table.isEmpty else { return }
        engine.sessions.playerBuffers.removeAll(keepingCapacity: true)
        for time in tick.samples {
            var buffers: [UInt64: Double] = [:]
            table.forEachBuffer(at: time) { buffers[$0] = $1 }
            engine.sessions.playerBuffers.append(buffers)
        }
        guard tick.isSecond else { return }
        var events: [(session: Int, flow: FlowIdentifier?, MediaSessionEvent)] = []
        table.advance(to: tick.time, into: &events)
        tell(events, &engine)
    }

    private func tell(
        _ events: [(session: Int, flow: FlowIdentifier?, MediaSessionEvent)], _ engine: inout FlowEngine
    ) {
        for (_, flow, event) in events {
            guard let flow, let start = engine.start(of: flow) else { continue }
            switch event {
            case .switched(let change):
                engine.tell(.mediaSwitch(change), of: change.flow ?? flow, start: start, at: change.time)
            case .stalled(let time): engine.tell(.mediaStall, of: flow, start: start, at: time)
            }
        }
    }

    var isEmpty: Bool { table.isEmpty }

    func snapshots(at time: Timestamp) -> [MediaSessionSnapshot] { table.snapshots(at: time) }

    var health: [TableHealth] {
        [
            TableHealth(
                name: "media sessions", used: table.count, capacity: MediaSessionTable.capacity, evicted: table.evicted),
            TableHealth(
                name: "bytes of manifests", used: table.manifestBytes, capacity: MediaSessionTable.manifestCapacity,
                evicted: table.forgottenManifests),
        ]
    }
}
