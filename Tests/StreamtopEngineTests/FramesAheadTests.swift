import StreamtopBase
import StreamtopEngine
import StreamtopModel
import StreamtopTestSupport
import Testing

/// Frames wait a little between decoding and analysis, and what is guessed of their flows then may be wrong by the time of
/// analysis: flows are forgotten, made, and taken over in between. However frames come in batches, the flows are the same.
@Suite struct FramesAheadTests {
    private struct Frame {
        var bytes: [UInt8]
        var time: Timestamp
    }

    /// A few flows on few ports, all at once: connections that end and begin again on their ports, datagrams, and one
    /// direction in a VLAN.
    private func frames(seed: UInt64, count: Int) -> [Frame] {
        var random = SeededRandom(seed: seed)
        var time = Timestamp(seconds: 1_700_000_000, nanoseconds: 0)
        let server: Endpoint = "10.0.0.1:443"
        return (0..<count).map { number in
            time = time + Nanoseconds.random(in: 1...50_000_000, using: &random)
            let client = Endpoint(
                address: IPAddress(v4: 0x0a00_0100), port: UInt16.random(in: 2_000..<2_012, using: &random))
            let isUp = Bool.random(using: &random)
            let bytes =
                switch number % 4 {
                case 0:
                    PacketBuilder.udpFrame(
                        from: isUp ? client : server, to: isUp ? server : client, payload: [1, 2, 3],
                        vlans: isUp ? [9] : [])
                default:
                    PacketBuilder.tcpFrame(
                        from: isUp ? client : server, to: isUp ? server : client,
                        sequence: UInt32.random(in: 0...(.max), using: &random),
                        acknowledgment: UInt32.random(in: 0...(.max), using: &random),
                        flags: [0x02, 0x12, 0x10, 0x18, 0x11, 0x14].randomElement(using: &random) ?? 0x10,
                        payload: isUp ? [1, 2, 3] : [])
                }
            return Frame(bytes: bytes, time: time)
        }
    }

    /// What is left and what went, in an order of its own.
    private func flows(_ frames: [Frame], inBatchesOf size: Int) -> [String] {
        var options = EngineOptions()
        options.limits.flows = 8
        options.collectsEvents = true
        var engine = EngineGroup(options: options)
        var batch = FrameBatch()
        for start in stride(from: 0, to: frames.count, by: size) {
            batch.bytes = []
            batch.removeAll()
            for frame in frames[start..<min(start + size, frames.count)] {
                batch.frames.append(
                    FrameRecord(
                        time: frame.time, offset: batch.bytes.count, capturedLength: frame.bytes.count,
                        wireLength: frame.bytes.count, linkType: .ethernet, interface: 0))
                batch.bytes += frame.bytes
            }
            engine.ingest(batch)
        }
        engine.finish()
        var found: [FlowSnapshot] = []
        engine.drainOutputs { if case .retired(let flow) = $0 { found.append(flow) } }
        engine.forEachFinalFlow { found.append($0) }
        return found.map {
            """
            \($0.identifier) \($0.client.endpoint) \($0.server.endpoint) \($0.vlan.map { "\($0)" } ?? "-") \
            \($0.client.packets) \($0.client.bytes) \($0.server.packets) \($0.server.bytes) \($0.start) \
            \($0.anomalies[.portReused]) \($0.isEvicted)
            """
        }
    }

    @Test("flows do not depend on batches", arguments: [1, 2, 3, 4, 5])
    func batches(seed: UInt64) {
        let frames = frames(seed: seed, count: 3_000)
        let expected = flows(frames, inBatchesOf: 1)
        #expect(expected.count > 100)
        #expect(expected.contains { $0.hasSuffix("1 false") || $0.hasSuffix("1 true") })
        for size in [2, 7, 16, 17, 3_000] {
            #expect(flows(frames, inBatchesOf: size) == expected)
        }
    }
}
