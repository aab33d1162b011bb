import StreamtopBase
import StreamtopModel
import StreamtopTestSupport
import Testing

@testable import StreamtopEngine

@Suite struct FlowRanksTests {
    private static func datagram(_ port: UInt16) -> [UInt8] {
        PacketBuilder.ethernet(
            PacketBuilder.ipv4(
                from: "10.0.0.1", to: "10.0.0.2", protocol: 17, PacketBuilder.udp(from: port, to: 9, [1])))
    }

    private static func batch(_ ports: [UInt16], step: Nanoseconds = .milliseconds(1)) -> FrameBatch {
        var batch = FrameBatch()
        for (number, port) in ports.enumerated() {
            let frame = datagram(port)
            batch.frames.append(
                FrameRecord(
                    time: Timestamp(nanoseconds: Int64(number) * step), offset: batch.bytes.count,
                    capturedLength: frame.count, wireLength: frame.count, linkType: .ethernet, interface: 0))
            batch.bytes += frame
        }
        return batch
    }

    private func names(_ group: inout EngineGroup) -> [UInt64] {
        var names: [UInt64] = []
        group.drainOutputs {
            if case .event(let event) = $0, event.kind == .flowOpen { names.append(event.flow.number) }
        }
        return names
    }

    @Test("Flows are called by rank in everything that is handed out, wherever ticks cut the batch")
    func ranks() {
        for step in [Nanoseconds.milliseconds(1), .milliseconds(700)] {
            var group = EngineGroup()
            group.ingest(Self.batch([1001, 1002, 1001, 1003], step: step))
            #expect(names(&group) == [1, 2, 3])
            let flows = group.snapshot().flows.map(\.identifier.number)
            #expect(flows == [1, 2, 3])
        }
    }

    @Test("A flow that left before it was named has its rank all the same")
    func evicted() {
        var options = EngineOptions()
        options.limits.flows = FlowBucket.count
        var group = EngineGroup(options: options)
        let count: UInt64 = 400
        group.ingest(Self.batch((1...UInt16(count)).map { 1000 + $0 }))
        var retired: [UInt64] = []
        var opened: [UInt64] = []
        group.drainOutputs { output in
            switch output {
            case .retired(let flow): retired.append(flow.identifier.number)
            case .event(let event): opened.append(event.flow.number)
            case .sample: break
            }
        }
        let left = group.snapshot().flows.map(\.identifier.number)
        #expect(left.count == FlowBucket.count && opened == Array(1...count))
        #expect((retired + left).sorted() == Array(1...count))
        let history = group.snapshot().events.map(\.flow.number)
        #expect(history.allSatisfy { (1...count).contains($0) })
    }
}
