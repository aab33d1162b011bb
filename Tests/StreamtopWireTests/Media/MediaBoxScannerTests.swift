import StreamtopBase
import StreamtopTestSupport
import Testing

@testable import StreamtopWire

@Suite struct MediaBoxScannerTests {
    /// One byte a nanosecond, from 1000 on: the time of a byte is its offset.
    private func scan(_ bytes: [UInt8], cutInto size: Int = .max, gap: Range<Int>? = nil) -> [MediaFact] {
        var scanner = MediaBoxScanner()
        var facts: [MediaFact] = []
        var position = 0
        while position < bytes.count {
            if let gap, position == gap.lowerBound {
                scanner.gap(of: UInt64(gap.count), at: time(gap.upperBound), into: &facts)
                position = gap.upperBound
                continue
            }
            let border = gap.map { position < $0.lowerBound ? $0.lowerBound : bytes.count } ?? bytes.count
            let end = min(border, size < bytes.count ? position + size : bytes.count)
            let part = Array(bytes[position..<end])
            scanner.feed(unsafe part.span.bytes, at: time(end), into: &facts)
            position = end
        }
        scanner.end(at: time(bytes.count), into: &facts)
        #expect(scanner.offset == UInt64(bytes.count))
        return facts
    }

    private func time(_ offset: Int) -> Timestamp { Timestamp(nanoseconds: 1_000 + Int64(offset)) }

    private func fragments(_ facts: [MediaFact]) -> [MediaFragment] {
        facts.compactMap { if case .fragment(let fragment) = $0 { fragment } else { nil } }
    }

    private let segment =
        MediaBoxes.initialization() + MediaBoxes.box("styp", Array("msdh".utf8) + [0, 0, 0, 0])
        + MediaBoxes.stamp(ntp: 0xe600_0000_8000_0000, mediaTime: 12_800)
        + MediaBoxes.fragment(sequence: 7, decodeTime: 12_800, sizes: [100, 20, 30], offsets: [1_024, 1_536, 512])
        + MediaBoxes.fragment(sequence: 8, decodeTime: 14_336, sizes: [40], startsWithSync: false)

    @Test func aSegmentOfTwoChunks() throws {
        let facts = scan(segment)
        guard
            case .initialization(let tracks, _, _)? = facts.first(where: {
                if case .initialization = $0 { true } else { false }
            })
        else { throw TestFailure() }
        let track = try #require(tracks[1])
        #expect(track.timescale == 12_800 && track.isVideo && track.codec.description == "avc1")
        #expect(track.width == 16 && track.height == 9 && track.editShift == 1_024)
        #expect(track.defaults?.duration == 512)
        let found = fragments(facts)
        try #require(found.count == 2)
        #expect(found[0].sequence == 7 && found[1].sequence == 8)
        let first = try #require(found[0].tracks.first)
        #expect(first.baseDecodeTime == 12_800 && first.sampleCount == 3 && first.duration == 1_536)
        #expect(first.sampleBytes == 150 && first.firstCompositionOffset == 1_024 && first.firstIsSync == true)
        #expect(first.presentationTime(in: track) == MediaTime(value: 12_800, timescale: 12_800))
        #expect(found[1].tracks.first?.firstIsSync == false)
        #expect(found[1].endOffset == UInt64(segment.count))
        // The chunk begins with styp; the stamp before the moof is its own, and the second has none.
        let styp = try #require(segment.firstRange(of: Array("styp".utf8))?.lowerBound)
        #expect(found[0].chunkOffset == UInt64(styp - 4) && found[1].chunkOffset == found[0].endOffset)
        // NTP 0xe6000000 is 2022-04-11; half a second behind.
        #expect(
            found[0].producerReferenceTime?.wallClock
                == Timestamp(seconds: 0xe600_0000 - 2_208_988_800, nanoseconds: 500_000_000))
        #expect(found[0].producerReferenceTime?.mediaTime == 12_800 && found[0].producerReferenceTime?.flags == 24)
        #expect(found[1].producerReferenceTime == nil)
    }

    @Test func anyCutSaysTheSame() {
        func withoutTimes(_ facts: [MediaFact]) -> [MediaFact] {
            facts.map {
                switch $0 {
                case .segmentType(let brand, let offset, _): .segmentType(brand: brand, offset: offset, time: time(0))
                case .initialization(let segment, let offset, _):
                    .initialization(segment, offset: offset, time: time(0))
                case .producerReferenceTime(let stamp, let offset, _):
                    .producerReferenceTime(stamp, offset: offset, time: time(0))
                case .fragmentBegan(let offset, _): .fragmentBegan(offset: offset, time: time(0))
                case .fragment(var fragment):
                    {
                        fragment.firstByte = time(0)
                        fragment.fragmentByte = time(0)
                        fragment.lastByte = time(0)
                        return .fragment(fragment)
                    }()
                default: $0
                }
            }
        }
        let whole = withoutTimes(scan(segment))
        for size in 1...70 { #expect(withoutTimes(scan(segment, cutInto: size)) == whole, "in pieces of \(size)") }
    }

    @Test func bytesHaveTheTimesAtWhichTheyCame() throws {
        let found = fragments(scan(segment, cutInto: 1))
        for fragment in found {
            #expect(fragment.firstByte == time(Int(fragment.chunkOffset) + 1))
            #expect(fragment.fragmentByte == time(Int(fragment.fragmentOffset) + 1))
            #expect(fragment.lastByte == time(Int(fragment.endOffset)))
        }
    }

    @Test func aGapAtEveryPlaceIsBridgedOrFound() {
        // Wherever ten bytes are missing, the last fragment is found again unless they are its own boxes.
        let last = scan(segment)
        guard case .fragment(let expected)? = last.last else { return }
        for start in 0..<Int(expected.chunkOffset) - 10 {
            let found = fragments(scan(segment, cutInto: 7, gap: start..<start + 10)).last
            #expect(found?.sequence == 8, "gap at \(start)")
            #expect(found?.endOffset == expected.endOffset)
            #expect(found?.tracks.first?.baseDecodeTime == 14_336)
        }
    }

    @Test func aGapInMediaDataIsMarked() throws {
        let found = fragments(scan(segment))
        let start = Int(found[0].endOffset) - 60
        let gapped = fragments(scan(segment, gap: start..<start + 30))
        #expect(gapped.map(\.hasGap) == [true, false])
        #expect(gapped[0].tracks == found[0].tracks)
    }

    @Test func sizesOfAllForms() {
        // A 64-bit size, a size of zero to the end, an unknown box between.
        let fragment = MediaBoxes.fragment(decodeTime: 5, sizes: [3])
        let moof = Array(fragment.dropLast(11))
        let large: [UInt8] = [0, 0, 0, 1] + Array("mdat".utf8) + MediaBoxes.bytes(UInt64(19)) + [1, 2, 3]
        let open: [UInt8] = [0, 0, 0, 0] + Array("mdat".utf8) + [1, 2, 3, 4]
        let stream = moof + large + MediaBoxes.box("abcd", [9, 9]) + moof + open
        for size in [1, 3, 8, 9, 1_000] {
            let found = fragments(scan(stream, cutInto: size))
            #expect(found.map(\.endOffset) == [UInt64(moof.count + 19), UInt64(stream.count)])
        }
    }

    @Test func durationsNeedDefaults() {
        // Without the init segment nothing says how long a sample is.
        let found = fragments(scan(MediaBoxes.fragment(decodeTime: 0, sizes: [1, 2])))
        #expect(found.first?.tracks.first?.duration == nil)
        #expect(found.first?.tracks.first?.sampleBytes == 3)
    }

    @Test func emptyEditsDelayPresentation() throws {
        let facts = scan(MediaBoxes.initialization(timescale: 48_000, handler: "soun", edit: 1_024, emptyEdit: 500))
        guard case .initialization(let segment, _, _)? = facts.last else { throw TestFailure() }
        // 1024 units of priming taken off, half a second put before.
        #expect(segment.tracks.first?.editShift == 1_024 - 24_000)
        #expect(segment.tracks.first?.isAudio == true)
    }

    @Test func negativeTimesAreTwosComplement() throws {
        let stream = MediaBoxes.stamp(ntp: 1 << 63, mediaTime: UInt64(bitPattern: -1_024))
        guard case .producerReferenceTime(let stamp, _, _)? = scan(stream).first else { throw TestFailure() }
        #expect(stamp.mediaTime == -1_024)
    }

    @Test func hostileLengths() {
        for size in [2, 7] as [UInt32] {
            guard
                case .lost(_, let isMalformed)? = scan(MediaBoxes.bytes(size) + Array("moof".utf8) + [1, 2, 3, 4]).first
            else {
                Issue.record("size \(size) was taken")
                continue
            }
            #expect(isMalformed)
        }
        // A run of four thousand million samples without fields of their own is no loop; with fields it is refused.
        let head: [UInt8] = MediaBoxes.box(
            "tfhd",
            MediaBoxes.bytes(UInt32(0x02_0028)) + MediaBoxes.bytes(UInt32(1)) + MediaBoxes.bytes(UInt32.max)
                + MediaBoxes.bytes(UInt32(0)))
        for (flags, taken) in [(0, true), (0x100, false)] as [(UInt32, Bool)] {
            let run = MediaBoxes.box("trun", MediaBoxes.bytes(flags) + MediaBoxes.bytes(UInt32.max))
            let moof = MediaBoxes.box("moof", MediaBoxes.box("traf", head + run)) + MediaBoxes.box("mdat", [])
            let found = fragments(scan(moof)).first
            #expect(found?.tracks.first?.sampleCount == (taken ? UInt64(UInt32.max) : nil))
        }
        // A box of 2^63 bytes is passed over, not waited for in memory.
        var scanner = MediaBoxScanner()
        var facts: [MediaFact] = []
        let huge: [UInt8] =
            [0, 0, 0, 1] + Array("moov".utf8) + MediaBoxes.bytes(UInt64.max) + [UInt8](repeating: 0, count: 3 << 20)
        scanner.feed(unsafe huge.span.bytes, at: time(0), into: &facts)
        #expect(scanner.heldBytes <= MediaBoxScanner.heldByteCapacity)
    }

    /// Bytes that are no boxes, then a fragment: it is found wherever the pieces are cut.
    @Test(arguments: [0, 1, 11, 12, 15, 16, 17, 40, 1_000])
    func aFragmentIsFoundBehindOtherBytes(count: Int) {
        // Of what the header is made of, so that it nearly begins at every place.
        let alphabet = Array("moofmfhd".utf8) + [0, 0, 0, 0x10, 0x64, 0x20]
        var random = SeededRandom(seed: UInt64(count) + 1)
        let junk =
            [0, 0, 0, 2] + Array("abcd".utf8) + (0..<count).map { _ in alphabet.randomElement(using: &random) ?? 0 }
        let fragment = MediaBoxes.fragment(sequence: 9, decodeTime: 77, sizes: [40])
        for size in Array(1...40) + [200, 2_000] {
            let found = fragments(scan(junk + fragment + junk, cutInto: size))
            #expect(found.count == 1 && found.first?.sequence == 9, "\(count) bytes before, cut into \(size)")
            #expect(found.first?.tracks.first?.baseDecodeTime == 77)
        }
    }

    @Test func damagedBytesNeverTrap() {
        var random = SeededRandom(seed: 41)
        for _ in 0..<3_000 {
            let bytes = random.damaged(segment)
            _ = scan(bytes, cutInto: Int.random(in: 1...200, using: &random))
        }
    }

    private struct TestFailure: Error {}
}
