import Foundation
import Testing

/// No file is lost, whatever is named, and whatever becomes of the disk.
@Suite struct FilesTests {
    private static let capture = SampleCapture.bytes(requests: 40)

    private func bytes(_ path: String) -> [UInt8]? { FileManager.default.contents(atPath: path).map { [UInt8]($0) } }

    private func summary(_ output: String) -> String {
        output.split(separator: "\n").last { $0.contains(#""type":"summary""#) }.map(String.init) ?? ""
    }

    /// The capture that is read, named in many ways as the file to write.
    @Test(arguments: ["m.pcap", "./m.pcap", "hard.pcap", "soft.pcap", "sub/../m.pcap"], [[], ["--force"]])
    func theCaptureThatIsReadIsNotWritten(_ name: String, _ force: [String]) throws {
        let folder = try TemporaryFolder()
        let input = try folder.file("m.pcap", Self.capture).path
        let position = folder.url.path
        try FileManager.default.linkItem(atPath: input, toPath: position + "/hard.pcap")
        try FileManager.default.createSymbolicLink(atPath: position + "/soft.pcap", withDestinationPath: input)
        try FileManager.default.createDirectory(atPath: position + "/sub", withIntermediateDirectories: false)
        let outcome = try Program.run(["--json", "-r", input, "-w", "\(position)/\(name)"] + force)
        #expect(outcome.status == 2)
        #expect(outcome.errors.contains("would overwrite the capture that is read"), "\(outcome.errors)")
        #expect(outcome.output.isEmpty)
        #expect(bytes(input) == Self.capture)
    }

    @Test func theKeyLogIsNotWritten() throws {
        let folder = try TemporaryFolder()
        let input = try folder.file("m.pcap", Self.capture).path
        let log = Array("# key log\n".utf8)
        let keys = try folder.file("keys", log).path
        let outcome = try Program.run(["--json", "-r", input, "--keylog", keys, "-w", keys, "--force"])
        #expect(outcome.status == 2)
        #expect(outcome.errors.contains("would overwrite the key log"))
        #expect(bytes(keys) == log)
    }

    @Test func standardInputIsNotWritten() throws {
        let folder = try TemporaryFolder()
        let input = try folder.file("m.pcap", Self.capture).path
        let outcome = try Shell.run(
            #""$1" --json -r - -w "$2" --force < "$2""#, [Program.path, input])
        #expect(outcome.status == 2)
        #expect(bytes(input) == Self.capture)
    }

    /// A shell that appends to what is read, and one whose output file is named again.
    @Test func standardOutputIsNoFileOfTheRun() throws {
        let folder = try TemporaryFolder()
        let input = try folder.file("m.pcap", Self.capture).path
        let appended = try Shell.run(#""$1" --json -r "$2" >> "$2""#, [Program.path, input])
        #expect(appended.status == 2)
        #expect(appended.errors.contains("standard output is the capture that is read"))
        #expect(bytes(input) == Self.capture)
        let again = try Shell.run(
            #""$1" --json -r "$2" -w "$3" --force > "$3""#, [Program.path, input, folder.url.path + "/out"])
        #expect(again.status == 2)
        #expect(again.errors.contains("would overwrite standard output"))
        let device = try Shell.run(#""$1" --json -r "$2" -w /dev/stdout | cat"#, [Program.path, input])
        #expect(device.errors.contains("would overwrite standard output"))
        #expect(device.output.isEmpty)
    }

    @Test func anExistingFileNeedsForce() throws {
        let folder = try TemporaryFolder()
        let input = try folder.file("m.pcap", Self.capture).path
        let other = try folder.file("other.pcapng", [1, 2, 3]).path
        let refused = try Program.run(["--json", "-r", input, "-w", other])
        #expect(refused.status == 2)
        #expect(refused.errors.contains("--force"))
        #expect(bytes(other) == [1, 2, 3])
        #expect(try Program.run(["--json", "-r", input, "-w", other, "--force"]).status == 0)
        #expect(try Program.run(["--json", "-r", other]).output.contains(#""packets":86"#))
        let attributes = try FileManager.default.attributesOfItem(atPath: other)
        #expect(attributes[.posixPermissions] as? Int == 0o600)
    }

    @Test func qlogFilesAreNotReplacedUnasked() throws {
        let folder = try TemporaryFolder()
        let input = try folder.file("m.pcap", Self.capture).path
        let logs = folder.url.path + "/logs"
        #expect(try Program.run(["--json", "-r", input, "--qlog", logs]).status == 0)
        let name = try #require(try FileManager.default.contentsOfDirectory(atPath: logs).first)
        try Data([1]).write(to: URL(fileURLWithPath: "\(logs)/\(name)"))
        let refused = try Program.run(["--json", "-r", input, "--qlog", logs])
        #expect(refused.status == 2)
        #expect(refused.errors.contains("--force"))
        #expect(bytes("\(logs)/\(name)") == [1])
        // Forced, a new file takes the name; a link leads nowhere any more, and what it led to stays.
        try FileManager.default.removeItem(atPath: "\(logs)/\(name)")
        try FileManager.default.createSymbolicLink(atPath: "\(logs)/\(name)", withDestinationPath: input)
        #expect(try Program.run(["--json", "-r", input, "--qlog", logs, "--force"]).status == 1)
        #expect(bytes(input) == Self.capture)
        let precious = try folder.file("precious", [4]).path
        try FileManager.default.removeItem(atPath: "\(logs)/\(name)")
        try FileManager.default.createSymbolicLink(atPath: "\(logs)/\(name)", withDestinationPath: precious)
        #expect(try Program.run(["--json", "-r", input, "--qlog", logs, "--force"]).status == 0)
        #expect(bytes(precious) == [4])
        #expect((bytes("\(logs)/\(name)")?.count ?? 0) > 100)
    }

    @Test func aCaptureOnStandardOutputStandsAlone() throws {
        let folder = try TemporaryFolder()
        let input = try folder.file("m.pcap", Self.capture).path
        let copy = folder.url.path + "/copy.pcapng"
        let outcome = try Shell.run(#""$1" -r "$2" -w - > "$3""#, [Program.path, input, copy])
        #expect(outcome.status == 0, "\(outcome.errors)")
        #expect(try Program.run(["--json", "-r", copy]).output.contains(#""packets":86"#))
    }

    /// What would be written to a closed descriptor goes nowhere, and into no file that took its number.
    @Test func closedDescriptorsAreFilled() throws {
        let folder = try TemporaryFolder()
        let input = try folder.file("m.pcap", Self.capture).path
        let copy = folder.url.path + "/copy.pcapng"
        let all = try Shell.run(#""$1" -r "$2" -w "$3" 0<&- 1>&- 2>&-"#, [Program.path, input, copy])
        #expect(all.status == 1)
        #expect(try Program.run(["--json", "-r", copy]).output.contains(#""packets":86"#))
        let output = try Shell.run(#""$1" --json -r "$2" 1>&-"#, [Program.path, input])
        #expect(output.status == 1)
        #expect(output.errors.contains("writing the output failed"))
    }

    @Test(.enabled(if: SmallDisk.isAvailable, SmallDisk.reason))
    func aFullDiskEndsTheCopyAndNotTheAnalysis() throws {
        let folder = try TemporaryFolder()
        let input = try folder.file("m.pcap", SampleCapture.bytes(requests: 4_000)).path
        let disk = folder.url.path + "/disk"
        let kept = folder.url.path + "/kept"
        for path in [disk, kept] {
            try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
        }
        let program = try RunningProgram(
            ["--json", "-r", input, "-w", disk + "/copy.pcapng"],
            wrapper: SmallDisk.wrapper(bytes: 256 << 10, over: disk, keeping: kept))
        #expect(program.waitForEnd() == 1)
        #expect(program.records("summary").first?.packets == 8_006)
        #expect(program.flowPackets == 8_006)
        let summary = summary(program.output)
        #expect(
            summary.contains(
                #""failed_outputs":[{"kind":"capture","path":"\#(disk)/copy.pcapng","reason":"cannot write"#))
        #expect(program.errors.contains("No space left on device"))
        // What fitted is whole.
        let copy = try Program.run(["--json", "-r", kept + "/copy.pcapng"])
        #expect(copy.status == 0, "\(copy.errors)")
        #expect((JSONRecord.parse(copy.output).last?.packets ?? 0) > 500)
    }

    @Test(.enabled(if: SmallDisk.isAvailable, SmallDisk.reason))
    func aFullDiskEndsTheQlogFilesAndNotTheAnalysis() throws {
        let folder = try TemporaryFolder()
        let input = try folder.file("m.pcap", SampleCapture.bytes(requests: 4_000)).path
        let disk = folder.url.path + "/disk"
        let kept = folder.url.path + "/kept"
        for path in [disk, kept] {
            try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
        }
        let program = try RunningProgram(
            ["--json", "-r", input, "--qlog", disk + "/logs"],
            wrapper: SmallDisk.wrapper(bytes: 8 << 10, over: disk, keeping: kept))
        #expect(program.waitForEnd() == 1)
        #expect(program.records("summary").first?.packets == 8_006)
        #expect(summary(program.output).contains(#""failed_outputs":[{"kind":"qlog""#))
        #expect(try FileManager.default.contentsOfDirectory(atPath: kept + "/logs").isEmpty, "half a log is none")
    }

    /// The copy goes through a pipe whose reader leaves.
    @Test func aBrokenPipeEndsTheCopyAndNotTheAnalysis() throws {
        let folder = try TemporaryFolder()
        let input = try folder.file("m.pcap", SampleCapture.bytes(requests: 20_000)).path
        let pipe = folder.url.path + "/pipe"
        #expect(unsafe mkfifo(pipe, 0o600) == 0)
        let script = #"head -c 1000 "$3" > /dev/null & sleep 0.3; "$1" --json -r "$2" -w "$3""#
        let outcome = try Shell.run(script, [Program.path, input, pipe])
        #expect(outcome.status == 1)
        #expect(summary(outcome.output).contains(#""packets":40006"#))
        #expect(summary(outcome.output).contains(#""reason":"cannot write \#(pipe): Broken pipe""#))
        #expect(outcome.errors.contains("Broken pipe"))
    }
}

/// A script of bash with arguments, run to its end.
enum Shell {
    static func run(_ script: String, _ arguments: [String]) throws -> Program.Outcome {
        let folder = try TemporaryFolder()
        let output = try folder.emptyFile("output")
        let errors = try folder.emptyFile("errors")
        let process = try ChildProcess(
            ["/bin/bash", "-o", "pipefail", "-c", script, "bash"] + arguments, environment: Program.base,
            output: output.handle.fileDescriptor, errors: errors.handle.fileDescriptor)
        process.wait()
        return Program.Outcome(
            status: process.terminationStatus, signal: nil,
            output: String(decoding: try Data(contentsOf: output.url), as: UTF8.self),
            errors: String(decoding: try Data(contentsOf: errors.url), as: UTF8.self))
    }
}
