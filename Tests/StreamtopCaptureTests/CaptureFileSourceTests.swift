import Foundation
import StreamtopBase
import StreamtopTestSupport
import Testing

@testable import StreamtopCapture

@Suite struct CaptureFileSourceTests {
    static let packed = ["gzip -c", "zstd -qc", "zstd -qc --long=24"]

    static func sample(_ count: Int) -> [UInt8] {
        var file = CaptureBuilder()
        file.pcapHeader()
        for index in 0..<count {
            file.pcapRecord(
                Array(repeating: UInt8(truncatingIfNeeded: index &* 31), count: index % 200), seconds: UInt32(index))
        }
        return file.bytes
    }

    static func run(_ command: String) throws {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/bin/sh")
        process.arguments = ["-c", command]
        try process.run()
        process.waitUntilExit()
        try #require(process.terminationStatus == 0, "\(command)")
    }

    @Test(arguments: packed) func packedFilesReadTheSame(tool: String) throws {
        let plain = try TemporaryFile(Self.sample(3000))
        let packed = try TemporaryFile()
        // Two members or frames, cut in the middle of a record.
        try Self.run(
            "(head -c 100001 \(plain.path) | \(tool); tail -c +100002 \(plain.path) | \(tool)) > \(packed.path)")
        let reading = Reading(try CaptureFileSource(path: packed.path))
        #expect(reading.error == nil)
        #expect(reading.frames == Reading(try CaptureFileSource(path: plain.path)).frames)
        #expect(reading.frames.count == 3000)
    }

    @Test(arguments: packed) func packedFilesCutShortGiveWhatIsThere(tool: String) throws {
        let plain = try TemporaryFile(Self.sample(3000))
        let packed = try TemporaryFile()
        try Self.run("\(tool) \(plain.path) > \(packed.path)")
        let bytes = Array(try Data(contentsOf: URL(fileURLWithPath: packed.path)))
        for length in stride(from: 5, to: bytes.count - 1, by: max(1, bytes.count / 40)) {
            try packed.write(Array(bytes.prefix(length)))
            let reading = Reading(try CaptureFileSource(path: packed.path))
            guard case .damaged = reading.error?.code else {
                Issue.record("cut at \(length): \(String(describing: reading.error))")
                continue
            }
            #expect(reading.error?.message.contains("cut short") == true)
        }
        for seed in 0..<UInt64(40) {
            var random = SeededRandom(seed: seed)
            try packed.write(random.damaged(bytes))
            #expect(Reading(try CaptureFileSource(path: packed.path)).frames.count <= 3000, "seed \(seed)")
        }
    }

    @Test func rubbishBehindAGzipMemberIsIgnored() throws {
        let plain = try TemporaryFile(Self.sample(10))
        let packed = try TemporaryFile()
        try Self.run("(gzip -c \(plain.path); printf 'rubbish') > \(packed.path)")
        let reading = Reading(try CaptureFileSource(path: packed.path))
        #expect(reading.error == nil)
        #expect(reading.frames.count == 10)
    }

    @Test func emptyForeignAndMissingFilesAreTold() throws {
        #expect(try Reading([]).error?.code == .notACapture)
        #expect(try Reading(Array("GET / HTTP/1.1".utf8)).error?.code == .notACapture)
        let xz = try Reading([0xfd, 0x37, 0x7a, 0x58, 0x5a, 0, 0, 0]).error
        #expect(xz?.message.contains("compressed with xz") == true)
        #expect(xz?.hint != nil)
        #expect(throws: CaptureError.self) { try CaptureFileSource(path: "no such file") }
        #expect(throws: CaptureError.self) { try CaptureFileSource(path: "/") }
    }

    @Test func aGrowingFileIsFollowed() throws {
        let bytes = Self.sample(40)
        let file = try TemporaryFile(Array(bytes.prefix(300)))
        var options = CaptureFileSource.Options()
        options.follow = true
        options.patience = 1
        let source = try CaptureFileSource(path: file.path, options: options)
        let first = Reading(source, idleLimit: 2)
        #expect(first.error == nil)
        #expect(first.idles == 2)
        try file.append(Array(bytes[300..<700]))
        let second = Reading(source, idleLimit: 2)
        try file.append(Array(bytes[700...]))
        let third = Reading(source, idleLimit: 2)
        #expect(first.frames + second.frames + third.frames == (try Reading(bytes).frames))
        try file.write([1, 2, 3])
        #expect(Reading(source, idleLimit: 2).error?.message.contains("shorter") == true)
    }

    @Test func aPipeIsReadAsItIsWritten() throws {
        let bytes = Self.sample(40)
        let plain = try TemporaryFile(bytes)
        let pipe = plain.path + ".pipe"
        try Self.run("mkfifo \(pipe)")
        defer { try? FileManager.default.removeItem(atPath: pipe) }
        var options = CaptureFileSource.Options()
        options.patience = 5
        let source = try CaptureFileSource(path: pipe, options: options)
        var batch = FrameBatch()
        #expect(try source.read(into: &batch) == .idle)  // nobody has opened it for writing yet
        let writer = Process()
        writer.executableURL = URL(fileURLWithPath: "/bin/sh")
        writer.arguments = ["-c", "(head -c 300 \(plain.path); sleep 0.1; tail -c +301 \(plain.path)) > \(pipe)"]
        try writer.run()
        let reading = Reading(source)
        writer.waitUntilExit()
        #expect(reading.error == nil)
        #expect(reading.frames == (try Reading(bytes).frames))
    }
}

@Suite struct MergedSourceTests {
    private func source(_ times: [(UInt32, UInt8)]) throws -> (TemporaryFile, CaptureFileSource) {
        var file = CaptureBuilder()
        file.pcapHeader()
        for (time, mark) in times { file.pcapRecord([mark], seconds: time) }
        let kept = try TemporaryFile(file.bytes)
        return (kept, try CaptureFileSource(path: kept.path))
    }

    @Test func framesComeInOrderOfTimeAndTiesInOrderOfSources() throws {
        let (fileA, a) = try source([(1, 1), (3, 2), (3, 3), (9, 4)])
        let (fileB, b) = try source([(2, 11), (3, 12), (1, 13), (10, 14)])
        let (fileC, c) = try source([])
        let reading = withExtendedLifetime((fileA, fileB, fileC)) { Reading(MergedSource([a, b, c])) }
        #expect(reading.error == nil)
        #expect(reading.frames.map { $0.bytes[0] } == [1, 11, 2, 3, 12, 13, 4, 14])
        #expect(reading.frames.map(\.interface) == [0, 1, 0, 0, 1, 1, 0, 1])
        #expect(reading.facts.interfaces.count == 3)
        #expect(reading.facts.names.count == 3)
    }

    @Test func aDamagedSourceIsToldAfterTheOthersAreRead() throws {
        var broken = CaptureBuilder()
        broken.pcapHeader()
        broken.pcapRecord([1], seconds: 1)
        broken.bytes += [0, 0]
        let file = try TemporaryFile(broken.bytes)
        let (fileB, b) = try source([(0, 11), (5, 12)])
        let reading = try withExtendedLifetime(fileB) {
            Reading(MergedSource([try CaptureFileSource(path: file.path), b]))
        }
        #expect(reading.frames.map { $0.bytes[0] } == [11, 1, 12])
        #expect(reading.damageOffset == 41)
    }
}
