import StreamtopBase
import StreamtopTestSupport
import Testing

@testable import StreamtopApplication

/// What is found by order must be what a look at all packets finds.
@Suite struct RTPRecentPacketsTests {
    enum Course: CaseIterable { case whole, lossy, reordered, paused, wrapping }

    /// Each packet as it was appended, the oldest first, as far as it is remembered.
    private func packets(_ course: Course) -> (memory: RTPRecentPackets, all: [RTPRecentPackets.Packet]) {
        var random = SeededRandom(seed: 370)
        var memory = RTPRecentPackets()
        var all: [RTPRecentPackets.Packet] = []
        var number: UInt16 = course == .wrapping ? 65_300 : 1
        var arrival: UInt32 = course == .wrapping ? .max - 3_000_000 : 7
        for position in 0..<700 {
            let isLate = course == .reordered && position % 50 == 49
            let packet = RTPRecentPackets.Packet(
                timestamp: UInt32(position) * 960, arrival: arrival, hash: 0, sequence: isLate ? number &- 40 : number,
                payload: 100, header: 12, isMarked: false)
            memory.append(packet)
            all.append(packet)
            // A late number must not be there already.
            number &+= course == .reordered && position % 50 == 9 ? 2 : 1
            if course == .lossy, UInt8.random(in: 0..<8, using: &random) == 0 { number &+= 5 }
            arrival &+= UInt32.random(in: 0...40_000, using: &random)
            if course == .paused, position == 400 { arrival &+= 5_000_000 }
        }
        return (memory, Array(all.suffix(RTPRecentPackets.capacity)))
    }

    @Test(arguments: Course.allCases) func packetIsFoundByItsNumber(_ course: Course) {
        let (memory, all) = packets(course)
        var found = 0
        for step in UInt16(0)..<1_500 {
            let number = all[0].sequence &- 100 &+ step
            let expected = all.last { $0.sequence == number }
            let packet = memory.packet(number)
            #expect(packet == expected, "number \(number)")
            if expected != nil { found += 1 }
        }
        #expect(found == RTPRecentPackets.capacity)
    }

    @Test(arguments: Course.allCases) func packetIsFoundBehindTheOneBefore(_ course: Course) {
        let (memory, all) = packets(course)
        var age = 0
        for packet in all {
            let found = memory.packet(packet.sequence, behind: &age)
            #expect(found == packet)
        }
        let back = memory.packet(all[100].sequence, behind: &age)
        let beyond = memory.packet(all[511].sequence &+ 2_000, behind: &age)
        #expect(back == all[100] && beyond == nil)
    }

    @Test(arguments: Course.allCases) func arrivalsAround(_ course: Course) {
        let (memory, all) = packets(course)
        var near = 0
        for index in stride(from: 0, to: all.count, by: 9) {
            let packet = all[index]
            let numbers = memory.numbers(around: packet.arrival &+ 300, longest: 200_000, latest: 100, near: near)
            near = numbers.lowerBound
            let isNear = { (other: RTPRecentPackets.Packet) in
                (-100...200_000).contains(Int32(bitPattern: packet.arrival &+ 300 &- other.arrival))
            }
            #expect(numbers.map { memory[$0] }.filter(isNear) == all.filter(isNear))
            #expect(memory.count(after: packet) == all.count { Int32(bitPattern: $0.arrival &- packet.arrival) > 0 })
        }
        let regular = course != .reordered && course != .paused
        let few = memory.numbers(around: all[300].arrival, longest: 200_000, latest: 100, near: 0)
        #expect(regular == (few.count < 100), "what is in order is not looked through")
    }

    @Test func hashesTellPayloadsApart() {
        var random = SeededRandom(seed: 1)
        var hashes: Set<UInt32> = []
        for length in 1...300 {
            let bytes = (0..<length).map { _ in UInt8.random(in: 0...255, using: &random) }
            // `bytes` of a span is marked unsafe for element types with padding; UInt8 has none.
            let hash = unsafe RTPRecentPackets.hash(bytes.span.bytes)
            let longer = Array(repeating: UInt8(9), count: 40) + bytes.suffix(64)
            let other = unsafe RTPRecentPackets.hash(longer.span.bytes)
            #expect((other == hash) == (length >= 64), "only the end counts")
            #expect(hash != 0)
            hashes.insert(hash)
        }
        #expect(hashes.count == 300)
    }
}
