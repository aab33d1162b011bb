import StreamtopTestSupport
import Testing

@testable import StreamtopWire

@Suite struct RTMPAggregateTests {
    private let picture: [UInt8] = [0x17, 1, 0, 0, 0] + [UInt8](repeating: 0xaa, count: 400)
    private let sound: [UInt8] = [0xaf, 1, 2, 3]

    /// What is read of a talk in pieces of `size`, without what sets it up; `gap` bytes never come.
    private func read(_ talk: RTMPBytes, cutInto size: Int = .max, gap: Range<Int>? = nil) -> [RTMPMessage] {
        var reader = RTMPReader()
        var found: [RTMPMessage] = []
        let stretches = gap.map { [0..<$0.lowerBound, $0.upperBound..<talk.bytes.count] } ?? [0..<talk.bytes.count]
        for (index, stretch) in stretches.enumerated() {
            if index == 1 {
                let isBridged = reader.gap(of: UInt64(gap?.count ?? 0))
                #expect(isBridged)
            }
            for start in stride(from: stretch.lowerBound, to: stretch.upperBound, by: min(size, max(1, stretch.count)))
            {
                let end = size < stretch.upperBound - start ? start + size : stretch.upperBound
                let piece = Array(talk.bytes[start..<end])
                var input = ByteReader(unsafe piece.span.bytes)
                while let element = reader.next(&input) {
                    if case .message(let message) = element { found.append(message) }
                }
                let isAtEnd = input.isAtEnd
                #expect(isAtEnd)
            }
        }
        return found
    }

    /// An aggregate of these parts at 5 s, and a piece of sound behind it.
    private func talk(_ parts: [[UInt8]], chunkSize: UInt32 = 128) -> RTMPBytes {
        var talk = RTMPBytes()
        if chunkSize != 128 { talk.add(chunkSize: chunkSize) }
        talk.addAggregate(5_000, parts)
        talk.add(type: 8, chunkStream: 4, timestamp: 6_000, sound)
        return talk
    }

    private var parts: [[UInt8]] {
        [
            RTMPBytes.part(100, picture), RTMPBytes.part(type: 8, 110, sound),
            RTMPBytes.part(type: 18, 115, RTMPBytes.text("onMetaData")), RTMPBytes.part(140, [0x27, 1, 0, 0, 0]),
        ]
    }

    @Test func partsWithTheTimesOfTheAggregate() {
        let found = read(talk(parts))
        #expect(found.map(\.type) == [9, 8, 18, 9, 22, 8])
        // The first part's time is the aggregate's; the others keep their distance from it.
        #expect(found.map(\.timestamp) == [5_000, 5_010, 5_015, 5_040, 5_000, 6_000])
        #expect(found.map(\.length).prefix(4) == [405, 4, 13, 5] && found.allSatisfy { $0.stream == 1 })
        #expect(found[0].head == Array(picture.prefix(RTMPReader.mediaHead)) && found[1].head == sound)
        #expect(found[4].head.isEmpty, "what the parts hold is kept once")
    }

    @Test func anyCutSaysTheSame() {
        let talk = talk(parts)
        let whole = read(talk)
        for size in [1, 2, 3, 11, 15, 128, 129, 500] {
            #expect(read(talk, cutInto: size) == whole, "pieces of \(size)")
        }
    }

    @Test func timesOverTheWrap() {
        let found = read(talk([RTMPBytes.part(0xffff_fff0, sound), RTMPBytes.part(0x10, sound)]))
        // Parts of type video whose bytes are of no codec are parts all the same.
        #expect(found.prefix(2).map(\.timestamp) == [5_000, 5_032])
    }

    @Test("Near misses: no part is told that the aggregate does not hold")
    func nearMisses() {
        func types(_ parts: [[UInt8]]) -> [UInt8] { read(talk(parts)).map(\.type) }
        // Longer than what is left of the aggregate: it would reach into the message behind.
        #expect(types([RTMPBytes.part(100, sound, length: 30)]) == [22, 8])
        #expect(types([RTMPBytes.part(100, sound), RTMPBytes.part(100, sound, length: 0xff_ffff)]) == [9, 22, 8])
        // Neither audio, video nor data: nothing behind it is read, either.
        #expect(types([RTMPBytes.part(type: 20, 100, sound), RTMPBytes.part(100, sound)]) == [22, 8])
        // Cut off in the head of a part, empty, and of an empty part.
        #expect(types([Array(RTMPBytes.part(100, sound).prefix(10))]) == [22, 8])
        #expect(types([]) == [22, 8])
        #expect(types([RTMPBytes.part(100, []), RTMPBytes.part(100, sound)]) == [9, 22, 8])
    }

    @Test func sizesBehindPartsAreNotTrusted() {
        #expect(read(talk([RTMPBytes.part(100, sound, size: 0), RTMPBytes.part(140, sound, size: 7)])).count == 4)
        // Without one behind the last part the message ends with the part.
        let bare = RTMPBytes.part(100, sound).dropLast(4)
        #expect(read(talk([Array(bare)])).map(\.type) == [9, 8])
    }

    @Test func gapsStayInTheAggregate() throws {
        let talk = talk(parts, chunkSize: 65_536)
        let start = try #require(talk.bytes.indices.last { talk.bytes[$0] == 0xaa }) - 200
        // In the payload of a part: it is whole in length. Over its end: what follows cannot be told apart.
        #expect(read(talk, gap: start..<start + 100).map(\.type) == [1, 9, 8, 18, 9, 22, 8])
        #expect(read(talk, gap: start..<start + 210).map(\.type) == [1, 22, 8])
    }

    @Test func damagedBytesNeverTrap() {
        var random = SeededRandom(seed: 22)
        let set = Array(RTMPBytes().bytes)
        let aggregate = Array(talk(parts).bytes.dropFirst(set.count))
        for _ in 0..<1_000 {
            var reader = RTMPReader()
            let bytes = set + random.damaged(aggregate)
            var input = ByteReader(unsafe bytes.span.bytes)
            while let element = reader.next(&input) {
                if case .message(let message) = element { #expect(message.head.count <= RTMPReader.commandLimit) }
            }
        }
    }
}
