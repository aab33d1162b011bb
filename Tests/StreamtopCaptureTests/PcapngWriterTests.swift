import Foundation
import StreamtopBase
import Testing

@testable import StreamtopCapture

@Suite struct PcapngWriterTests {
    @Test func whatIsWrittenIsReadBack() throws {
        var input = CaptureBuilder()
        input.section()
        input.interface(snaplen: 96, options: input.option(2, Array("eth0".utf8)) + input.option(9, [9]))
        input.interface(link: 113, options: input.option(9, [9]))
        for index in 0..<2000 {
            input.enhanced(
                Array(repeating: UInt8(index & 255), count: index % 300), interface: UInt32(index % 2),
                ticks: UInt64(index) * 1_000_000_007, wire: 1500)
        }
        input.block(
            5, input.number(UInt32(0)) + input.number(UInt64(0)) + input.option(7, input.number(UInt64(4))))
        let file = try TemporaryFile(input.bytes)
        let source = try CaptureFileSource(path: file.path)
        let output = try TemporaryFile()
        let writer = try PcapngWriter(
            OutputFile(path: output.path, existing: .replace), application: "streamtop test")
        try writer.write(CapturedSecrets(kind: .tlsKeyLog, bytes: Array("secret".utf8), beforeFrame: 0))
        var batch = FrameBatch()
        while try source.read(into: &batch) != .ended { try writer.write(batch, facts: source.facts) }
        try writer.finish(facts: source.facts)
        #expect(writer.frames == 2000)

        let back = Reading(try CaptureFileSource(path: output.path))
        #expect(back.error == nil)
        #expect(back.frames == Reading(try CaptureFileSource(path: file.path)).frames)
        #expect(back.facts.interfaces.map(\.name) == ["eth0", nil])
        #expect(back.facts.interfaces.map(\.snaplen) == [96, nil])
        #expect(back.facts.drops == DropCounts(kernel: 4))
        #expect(back.facts.writer == "streamtop test")
        #expect(back.secrets.map(\.bytes) == [Array("secret".utf8)])
    }

    @Test(
        .enabled(
            if: FileManager.default.isExecutableFile(atPath: "/usr/bin/capinfos"),
            "capinfos (wireshark-common) is missing"))
    func otherReadersReadIt() throws {
        let output = try TemporaryFile()
        let writer = try PcapngWriter(
            OutputFile(path: output.path, existing: .replace), application: "streamtop test")
        var facts = SourceFacts()
        facts.interfaces = [InterfaceFacts(name: "eth0", linkType: .ethernet), InterfaceFacts(linkType: .rawIP)]
        facts.interfaces[0].drops = DropCounts(received: 9, kernel: 2, interface: 1)
        for index in 0..<7 {
            try writer.write(
                FrameRecord(
                    time: Timestamp(nanoseconds: 1_700_000_000_123_456_789), offset: 0, capturedLength: index,
                    wireLength: 100, linkType: index % 2 == 0 ? .ethernet : .rawIP, interface: UInt32(index % 2)),
                bytes: [0, 1, 2, 3, 4, 5, 6], facts: facts)
        }
        try writer.finish(facts: facts)
        let capinfos = Process()
        capinfos.executableURL = URL(fileURLWithPath: "/usr/bin/capinfos")
        capinfos.arguments = ["-M", "-c", "-d", "-I", "-a", output.path]
        let pipe = Pipe()
        capinfos.standardOutput = pipe
        try capinfos.run()
        let text = String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        capinfos.waitUntilExit()
        #expect(capinfos.terminationStatus == 0)
        #expect(text.contains("Number of packets:   7"))
        #expect(text.contains("Data size:           700 bytes"))
        #expect(text.contains("Number of interfaces in file: 2"))
        #expect(text.contains(".123456789"))
        #expect(text.contains("Name = eth0"))
    }
}
