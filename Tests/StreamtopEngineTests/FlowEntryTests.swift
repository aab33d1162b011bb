import StreamtopBase
import StreamtopModel
import StreamtopTestSupport
import StreamtopWire
import Testing

@testable import StreamtopEngine

@Suite struct FlowEntryTests {
    private let client: Endpoint = "10.0.0.9:40000"
    private let server: Endpoint = "10.0.0.1:443"

    private func entry(vlan: UInt16 = FlowKey.noVLAN) -> FlowEntry {
        let key = FlowKey(source: client, destination: server, transport: 6, vlan: vlan)
        return FlowEntry(
            key: key, bucket: 0, ordinal: 1, clientIsLow: key.low == client, orientation: .syn, transport: .tcp,
            time: Timestamp(seconds: 100, nanoseconds: 0))
    }

    /// Entries lie side by side in pages that begin at a cache line: at this size none is straddled.
    @Test func takesFourCacheLines() {
        #expect(MemoryLayout<FlowEntry>.stride == 256)
    }

    @Test func answersToTheKeyOfEitherDirection() {
        var entry = entry(vlan: 5)
        let tagged = FlowKey(source: server, destination: client, transport: 6, vlan: 5)
        let bare = tagged.withoutEncapsulation
        let another = FlowKey(source: server, destination: client, transport: 6, vlan: 6)
        let before = [tagged, bare, another].map { entry.answers(to: $0) }
        #expect(before == [true, false, false])
        entry.other = FlowEntry.OtherEncapsulation(tunnel: 0, vlan: FlowKey.noVLAN)
        let after = [tagged, bare, another].map { entry.answers(to: $0) }
        #expect(after == [true, true, false])
    }

    @Test func saysWhatAPacketMakesOfTheFlow() {
        var entry = entry()
        let first = entry.record(
            .fromClient, packets: 1, bytes: 140, payload: 100, at: Timestamp(nanoseconds: 100 << 30))
        #expect(first == [.active, .moved])
        entry.lists = .all
        entry.movedAt = 100
        let soon = Timestamp(nanoseconds: (101 << 30) - 1)
        let second = entry.record(.fromClient, packets: 1, bytes: 140, payload: 100, at: soon)
        #expect(second == [])
        let answer = entry.record(.fromServer, packets: 1, bytes: 41, payload: 1, at: soon)
        #expect(answer == [.proven, .answered])
        entry.standing = .proven
        let later = Timestamp(nanoseconds: 101 << 30)
        let last = entry.record(.fromServer, packets: 1, bytes: 41, payload: 1, at: later)
        #expect(last == [.moved])
        #expect(entry.client.packets == 2)
        #expect(entry.server.payloadBytes == 2)
        #expect(entry.last == later)
    }

    @Test func oneWayNeedsAGoodDealToBeProven() {
        var entry = entry()
        entry.lists = .all
        let time = Timestamp(seconds: 100, nanoseconds: 0)
        let most = entry.record(.fromClient, packets: 1, bytes: 0, payload: 16_383, at: time)
        #expect(most == [.moved])
        let all = entry.record(.fromClient, packets: 1, bytes: 0, payload: 1, at: time)
        #expect(all == [.moved, .proven])
    }
}
