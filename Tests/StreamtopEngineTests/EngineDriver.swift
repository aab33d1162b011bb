import StreamtopBase
import StreamtopEngine
import StreamtopModel
import StreamtopTestSupport

/// Feeds frames to an engine and keeps what it hands out.
struct EngineDriver: ~Copyable {
    var engine: EngineGroup
    var retired: [FlowSnapshot] = []
    var events: [FlowEvent] = []
    var samples: [(flow: FlowIdentifier, sample: FlowSample)] = []
    var time = Timestamp(nanoseconds: 1_700_000_000_000_000_000)

    init(options: EngineOptions = EngineOptions()) {
        engine = EngineGroup(options: options)
    }

    /// One Ethernet frame, `after` nanoseconds behind the one before.
    mutating func send(_ frame: [UInt8], after: Nanoseconds = .milliseconds(1)) {
        time = time + after
        let record = FrameRecord(
            time: time, offset: 0, capturedLength: frame.count, wireLength: frame.count, linkType: .ethernet,
            interface: 0)
        engine.ingest(FrameBatch(bytes: frame, frames: [record]))
        var fresh: [EngineOutput] = []
        engine.drainOutputs { fresh.append($0) }
        for output in fresh {
            switch output {
            case .event(let event): events.append(event)
            case .sample(let flow, _, let sample): samples.append((flow: flow, sample: sample))
            case .retired(let flow): retired.append(flow)
            }
        }
    }

    var finalFlows: [FlowSnapshot] {
        mutating get {
            engine.finish()
            var flows: [FlowSnapshot] = []
            engine.forEachFinalFlow { flows.append($0) }
            return flows
        }
    }
}
