import StreamtopBase
import StreamtopTestSupport
import Testing

@testable import StreamtopCapture

@Suite struct PcapngParserTests {
    @Test func sectionsOfDifferentByteOrderInterfacesAndResolutions() throws {
        var file = CaptureBuilder()
        file.section(options: file.option(4, Array("writer".utf8)) + file.option(1, Array("hello".utf8)))
        file.interface(snaplen: 96, options: file.option(2, Array("eth0".utf8)))
        file.interface(link: 113, options: file.option(9, [9]) + file.option(2, Array("any".utf8)))
        file.enhanced([1, 2, 3], interface: 0, ticks: 1_000_001, wire: 60, options: file.option(1, [65]))
        file.enhanced([4], interface: 1, ticks: 2_000_000_003)
        file.isBigEndian = true
        file.section()
        file.interface(link: 276, options: file.option(9, [0x80 | 10]) + file.option(14, file.number(Int64(100))))
        file.enhanced([5, 6], interface: 0, ticks: 3 << 10 | 512)
        let reading = try Reading(file.bytes, chunk: 20)
        #expect(reading.error == nil)
        #expect(
            reading.frames == [
                ReadFrame(nanoseconds: 1_000_001_000, bytes: [1, 2, 3], wire: 60, link: 1, interface: 0),
                ReadFrame(nanoseconds: 2_000_000_003, bytes: [4], wire: 1, link: 113, interface: 1),
                ReadFrame(nanoseconds: 103_500_000_000, bytes: [5, 6], wire: 2, link: 276, interface: 2),
            ])
        #expect(reading.facts.interfaces.map(\.name) == ["eth0", "any", nil])
        #expect(reading.facts.comments == 2)
        #expect(reading.facts.writer == "writer")
        #expect(reading.facts.snaplen == 96)
    }

    /// IPv4 and IPv6 records; the first of several names counts; the end record, and what is cut, end the list.
    @Test(arguments: [false, true])
    func namesOfHosts(isBigEndian: Bool) throws {
        var file = CaptureBuilder()
        file.isBigEndian = isBigEndian
        file.section()
        file.interface()
        func record(_ kind: UInt16, _ value: [UInt8]) -> [UInt8] {
            let padding = [UInt8](repeating: 0, count: (4 - value.count % 4) % 4)
            return file.number(kind) + file.number(UInt16(value.count)) + value + padding
        }
        let first = record(1, [10, 0, 0, 1] + Array("origin.example\0alias.example\0".utf8))
        let second = record(2, [0x20, 1, 0xd, 0xb8] + [UInt8](repeating: 0, count: 11) + [2] + Array("six\0".utf8))
        let unknown = record(9, Array("whatever".utf8))
        file.block(4, first + unknown + record(1, [10, 0]) + second + record(0, []) + record(1, [1, 1, 1, 1, 65, 0]))
        file.block(4, record(1, [10, 0, 0, 2, 66]) + file.number(UInt16(1)) + file.number(UInt16(99)))
        file.enhanced([1], ticks: 1)
        let written = try TemporaryFile(file.bytes)
        let source = try CaptureFileSource(path: written.path)
        var batch = FrameBatch()
        #expect(try source.read(into: &batch) == .frames)
        #expect(
            source.takeHostNames() == [
                HostName(address: "10.0.0.1", name: "origin.example"), HostName(address: "2001:db8::2", name: "six"),
                HostName(address: "10.0.0.2", name: "B"),
            ])
        #expect(source.takeHostNames().isEmpty)
    }

    @Test func simpleAndOldPacketBlocks() throws {
        var file = CaptureBuilder()
        file.section()
        file.interface(snaplen: 4)
        // Old packet block: interface 0, drops 7.
        file.block(
            2,
            file.number(UInt16(0)) + file.number(UInt16(7)) + file.number(UInt32(0)) + file.number(UInt32(9))
                + file.number(UInt32(2)) + file.number(UInt32(2)) + [1, 2, 0, 0])
        file.block(3, file.number(UInt32(6)) + [1, 2, 3, 4])
        file.block(3, file.number(UInt32(3)) + [1, 2, 3])
        let reading = try Reading(file.bytes)
        #expect(reading.frames.map(\.bytes) == [[1, 2], [1, 2, 3, 4], [1, 2, 3]])
        #expect(reading.frames.map(\.wire) == [2, 6, 3])
        #expect(reading.frames.map(\.nanoseconds) == [9000, 9000, 9000])
        #expect(reading.facts.untimedFrames == 2)
    }

    @Test func framesBeforeTheFirstStampTakeIt() throws {
        var file = CaptureBuilder()
        file.section()
        file.interface()
        file.block(3, file.number(UInt32(1)) + [1, 0, 0, 0])
        file.block(3, file.number(UInt32(1)) + [2, 0, 0, 0])
        file.enhanced([3], ticks: 5_000_000)
        file.block(3, file.number(UInt32(1)) + [4, 0, 0, 0])
        file.enhanced([5], ticks: 7_000_000)
        let reading = try Reading(file.bytes)
        #expect(reading.frames.map { $0.nanoseconds / 1_000_000_000 } == [5, 5, 5, 5, 7])
        #expect(reading.facts.untimedFrames == 3)
    }

    @Test func secretsStandWhereTheyStoodAndDropsAreRead() throws {
        var file = CaptureBuilder()
        file.section()
        file.interface()
        file.enhanced([1])
        file.block(10, file.number(UInt32(0x544c_534b)) + file.number(UInt32(5)) + Array("abcde".utf8))
        file.enhanced([2])
        file.block(0x0bad, file.number(UInt32(1)))
        file.block(
            5,
            file.number(UInt32(0)) + file.number(UInt64(0)) + file.option(4, file.number(UInt64(50)))
                + file.option(5, file.number(UInt64(3))) + file.option(7, file.number(UInt64(4))))
        let reading = try Reading(file.bytes)
        #expect(reading.error == nil)
        #expect(
            reading.secrets == [CapturedSecrets(kind: .tlsKeyLog, bytes: Array("abcde".utf8), beforeFrame: 1)])
        #expect(reading.facts.drops == DropCounts(received: 50, kernel: 4, interface: 3))
    }

    @Test func repeatedSectionsShareTheirInterfaces() throws {
        var file = CaptureBuilder()
        for _ in 0..<3 {
            file.section()
            file.interface(options: file.option(2, Array("a".utf8)))
            file.interface(options: file.option(2, Array("b".utf8)))
            file.enhanced([1], interface: 1)
        }
        let reading = try Reading(file.bytes)
        #expect(reading.facts.interfaces.count == 2)
        #expect(reading.frames.map(\.interface) == [1, 1, 1])
    }

    @Test func cutAtEveryByte() throws {
        var file = CaptureBuilder()
        var ends: [Int] = []
        var packetEnds: [Int] = []
        file.section()
        ends.append(file.bytes.count)
        file.interface()
        ends.append(file.bytes.count)
        for index in 0..<3 {
            file.enhanced(Array(repeating: 9, count: index + 3), ticks: UInt64(index))
            ends.append(file.bytes.count)
            packetEnds.append(file.bytes.count)
        }
        for length in 4..<file.bytes.count {
            let reading = try Reading(Array(file.bytes.prefix(length)), chunk: 16)
            #expect(reading.frames.count == packetEnds.count { $0 <= length })
            if ends.contains(length) {
                #expect(reading.error == nil)
            } else {
                #expect(reading.damageOffset == UInt64(ends.last { $0 <= length } ?? 0))
            }
        }
    }

    @Test func wrongBlocksAreDamageWithAReason() throws {
        func damage(_ build: (inout CaptureBuilder) -> Void) throws -> String? {
            var file = CaptureBuilder()
            file.section()
            build(&file)
            let reading = try Reading(file.bytes)
            guard case .damaged = reading.error?.code else { return nil }
            return reading.error?.message
        }
        #expect(try damage { $0.enhanced([1]) }?.contains("not described") == true)
        #expect(
            try damage {
                $0.interface()
                $0.enhanced([1], captured: 100)
            }?.contains("longer than its block") == true)
        #expect(try damage { $0.section(major: 9) }?.contains("version 9.0") == true)
        #expect(try damage { $0.bytes += $0.number(UInt32(6)) + $0.number(UInt32(13)) + [0, 0, 0, 0] } != nil)
        #expect(try damage { $0.bytes += $0.number(UInt32(6)) + $0.number(UInt32(0xffff_fff0)) + [0, 0, 0, 0] } != nil)
        #expect(try damage { $0.bytes += $0.number(UInt32(99)) + $0.number(UInt32(12)) + [1, 0, 0, 0] } != nil)
    }

    @Test func mutantsNeverCrashAndNeverLoop() throws {
        var file = CaptureBuilder()
        file.section(options: file.option(1, [1, 2, 3]))
        file.interface(options: file.option(9, [0xff]) + file.option(2, [65]))
        for index in 0..<20 { file.enhanced(Array(repeating: 1, count: index), ticks: .max - UInt64(index)) }
        for seed in 0..<UInt64(300) {
            var random = SeededRandom(seed: seed)
            var bytes = file.bytes
            for _ in 0..<Int.random(in: 1...8, using: &random) {
                bytes[Int.random(in: 0..<bytes.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
            }
            let reading = try Reading(bytes, chunk: 64)
            #expect(reading.frames.count <= 22, "seed \(seed)")
        }
    }
}
