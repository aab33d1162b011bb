import StreamtopBase
import StreamtopModel
import StreamtopTestSupport
import Testing

@testable import StreamtopEngine

/// The cap on flows is divided over fixed buckets: what goes for want of room is the same however buckets are dealt to engines.
@Suite struct FlowBucketTests {
    private static let server: Endpoint = "192.0.2.1:443"

    private struct Frame {
        var bytes: [UInt8]
        var bucket: Int
    }

    /// Frames of 3,000 flows, some with data both ways, in an order of their own; some are closed, and some are silent for long.
    private static func frames() -> [Frame] {
        var random = SeededRandom(seed: 9)
        let table = FlowTable(capacity: 1, seed: EngineOptions().hashSeed)
        return (0..<12_000).map { _ in
            let number = UInt16.random(in: 0..<3_000, using: &random)
            let client = Endpoint(address: "10.0.0.1", port: 2_000 + number)
            let isVLAN = number % 7 == 0
            let key = FlowKey(source: client, destination: server, transport: 6, vlan: isVLAN ? 5 : FlowKey.noVLAN)
            let isUp = Bool.random(using: &random)
            let flags: UInt16 = [0x10, 0x18, 0x18, 0x18, 0x14][Int.random(in: 0..<5, using: &random)]
            return Frame(
                bytes: PacketBuilder.tcpFrame(
                    from: isUp ? client : server, to: isUp ? server : client, sequence: 1, acknowledgment: 1,
                    flags: flags, payload: flags == 0x18 ? [1, 2, 3] : [], vlans: isVLAN ? [5] : []),
                bucket: Int(table.bucket(of: key, hash: table.hash(key))))
        }
    }

    /// Every flow that there was: its ends, what was counted, and whether it was forgotten for want of room.
    private static func flows(_ frames: [Frame], engines: Int) -> [String] {
        var all: [String] = []
        for engine in 0..<engines {
            var options = EngineOptions()
            options.limits.flows = 4 * FlowBucket.count
            var driver = EngineDriver(options: options)
            for frame in frames {
                driver.time = driver.time + .milliseconds(2)
                if frame.bucket % engines == engine {
                    driver.send(frame.bytes, after: 0)
                } else {
                    driver.engine.advance(to: driver.time)
                }
            }
            let flows = driver.finalFlows
            all += (driver.retired + flows).map {
                "\($0.client.endpoint) \($0.client.packets) \($0.server.packets) \($0.isEvicted) \($0.start)"
            }
            all.append("without data \(driver.engine.trafficTotals.evictedWithoutData.flows)")
        }
        let sums = all.filter { $0.hasPrefix("without") }.compactMap { Int($0.split(separator: " ")[2]) }.reduce(0, +)
        return all.filter { !$0.hasPrefix("without") }.sorted() + ["without data \(sums)"]
    }

    @Test(arguments: [2, 3, 5])
    func theSameFlowsGoInSeveralEngines(engines: Int) {
        let frames = Self.frames()
        let one = Self.flows(frames, engines: 1)
        #expect(one.contains { $0.contains("true") } && one.contains { $0.contains("false") })
        #expect(Self.flows(frames, engines: engines) == one)
    }

    @Test("Both directions meet in one bucket, whatever each travels in")
    func bucketOfBothDirections() {
        let table = FlowTable(capacity: 1, seed: 3)
        let client: Endpoint = "10.0.0.9:4000"
        let bare = FlowKey(source: client, destination: Self.server, transport: 6)
        let tagged = FlowKey(source: Self.server, destination: client, transport: 6, vlan: 9, tunnel: 12)
        let buckets = [bare, tagged].map { table.bucket(of: $0, hash: table.hash($0)) }
        #expect(buckets[0] == buckets[1])
        let all = Set(
            (0..<2_000).map { number in
                let key = FlowKey(
                    source: Endpoint(address: "10.0.0.9", port: UInt16(1_000 + number)), destination: Self.server,
                    transport: 6)
                return table.bucket(of: key, hash: table.hash(key))
            })
        #expect(all.count == FlowBucket.count && all.allSatisfy { $0 < FlowBucket.count })
    }

    @Test("A share is what there is room for, and at least one")
    func shares() {
        #expect(FlowBucket.share(of: 131_072) == 2_048)
        #expect(FlowBucket.share(of: 65) == 2 && FlowBucket.share(of: 64) == 1)
        #expect(FlowBucket.share(of: 0) == 1 && FlowBucket.share(of: -5) == 1)
    }
}
