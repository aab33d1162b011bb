import Foundation
import Testing

/// The exit statuses of the JSON contract, and messages that name what to do.
@Suite struct ExitStatusTests {
    private func capture(_ bytes: [UInt8], _ folder: TemporaryFolder) throws -> String {
        try folder.file("capture.pcap", bytes).path
    }

    @Test func readsAFileAndEndsWell() throws {
        let folder = try TemporaryFolder()
        let outcome = try Program.run(["--json", "-r", capture(SampleCapture.bytes(), folder)])
        #expect(outcome.status == 0)
        #expect(outcome.errors.isEmpty)
        let lines = outcome.output.split(separator: "\n")
        #expect(lines.first?.contains(#""type":"meta""#) == true)
        #expect(lines.last?.contains(#""type":"summary""#) == true)
        #expect(lines.filter { $0.contains(#""type":"flow""#) }.count == 1)
        #expect(lines.allSatisfy { $0.hasPrefix(#"{"schema":1,"type":""#) && $0.hasSuffix("}") })
    }

    @Test func readsStandardInput() throws {
        let outcome = try Program.run(["--json", "-r", "-"], input: SampleCapture.bytes())
        #expect(outcome.status == 0)
        #expect(outcome.output.contains(#""packets":16"#))
    }

    @Test(arguments: [
        ["--bogus"], ["-c", "0", "-r", "x"], ["-s", "10", "-r", "x"], ["--speed", "1000", "-r", "x"],
        ["--interval", "soon", "-r", "x"], ["-f", "tcp", "-r", "x", "udp"], ["-r", "x", "-i", "lo"],
        ["demo", "-r", "x"], ["capture.pcap"], ["-r", "-", "-r", "-"], ["--follow", "-i", "lo"],
        ["-r", "x", "--json", "-w", "-"], ["-r", "x", "--write-secrets"], ["-B", "2048"], ["-B", "0"],
    ])
    func wrongUsageIsTwo(_ arguments: [String]) throws {
        let outcome = try Program.run(arguments)
        #expect(outcome.status == 2, "\(outcome.errors)")
        #expect(outcome.errors.hasPrefix("streamtop: "))
        #expect(outcome.output.isEmpty)
    }

    @Test func equalFiltersAreOneFilter() throws {
        let folder = try TemporaryFolder()
        let path = try capture(SampleCapture.bytes(), folder)
        let outcome = try Program.run(["--json", "-r", path, "-f", "tcp port 80", "tcp", "port", "80"])
        #expect(outcome.status == 0, "\(outcome.errors)")
    }

    @Test func missingInterfaceIsThree() throws {
        let outcome = try Program.run(["--json", "-i", "no-such-if0"])
        #expect(outcome.status == 3)
        #expect(outcome.errors.contains("no-such-if0"))
    }

    /// Needs to start as root, to become someone who may not capture.
    @Test(.enabled(if: getuid() == 0 && FileManager.default.fileExists(atPath: "/usr/bin/setpriv")))
    func missingPermissionIsThreeAndNamesTheCommand() throws {
        let outcome = try Program.run(["--json", "-i", "lo"], user: 65_534)
        #expect(outcome.status == 3)
        #expect(outcome.errors.contains("sudo setcap cap_net_raw,cap_net_admin+eip \(Program.path)\n"))
    }

    @Test func missingFileIsFour() throws {
        let outcome = try Program.run(["--json", "-r", "/nonexistent/file.pcap"])
        #expect(outcome.status == 4)
        #expect(outcome.errors.contains("/nonexistent/file.pcap"))
    }

    @Test func otherFormatIsFour() throws {
        let folder = try TemporaryFolder()
        let outcome = try Program.run(["--json", "-r", capture(Array("no capture at all, just text".utf8), folder)])
        #expect(outcome.status == 4)
    }

    /// All before the damage is analysed.
    @Test(arguments: SampleCapture.Damage.allCases)
    func damagedFileIsFourWithRecords(_ damage: SampleCapture.Damage) throws {
        let folder = try TemporaryFolder()
        let outcome = try Program.run(["--json", "-r", capture(SampleCapture.bytes(with: damage), folder)])
        #expect(outcome.status == 4)
        #expect(outcome.output.contains(#""type":"flow""#))
        #expect(outcome.output.contains(#""type":"summary""#))
        #expect(outcome.errors.hasPrefix("streamtop: "))
    }

    @Test func badFilterIsFive() throws {
        let folder = try TemporaryFolder()
        let outcome = try Program.run(["--json", "-r", capture(SampleCapture.bytes(), folder), "tcp", "prot", "80"])
        #expect(outcome.status == 5)
        #expect(!outcome.errors.isEmpty)
    }

    @Test func badConfigurationIsFiveWithLine() throws {
        let folder = try TemporaryFolder()
        let config = try folder.file("config.toml", Array("mouse = true\nthme = \"nord\"\n".utf8)).path
        let outcome = try Program.run(["--config", config, "--print-config"])
        #expect(outcome.status == 5)
        #expect(outcome.errors.contains("\(config):2:"))
        #expect(outcome.errors.contains("theme"))
    }

    @Test func missingConfigurationIsFive() throws {
        #expect(try Program.run(["--config", "/nonexistent/c.toml", "--print-config"]).status == 5)
    }

    @Test func answersOnStandardOutput() throws {
        for argument in ["--help", "--version", "-V", "--list-themes", "--print-config", "--print-keys"] {
            let outcome = try Program.run([argument])
            #expect(outcome.status == 0, "\(argument)")
            #expect(!outcome.output.isEmpty, "\(argument)")
            #expect(outcome.errors.isEmpty, "\(argument)")
        }
    }
}
