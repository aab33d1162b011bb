import Foundation
import StreamtopBase
import StreamtopCapture
import Testing

/// Secrets open what others sealed: they come in, and never go out unasked.
@Suite struct SecretsTests {
    private static let fixture = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: "Fixtures/tls13-0rtt/capture.pcapng").path()

    /// The key log that the fixture carries.
    static func keyLog() throws -> [UInt8] {
        let source = try CaptureFileSource(path: fixture)
        var batch = FrameBatch()
        var text: [UInt8] = []
        while try source.read(into: &batch) == .frames { text += source.takeSecrets().flatMap(\.bytes) }
        return text
    }

    /// The secrets in it, as hexadecimal and as bytes.
    private static func secrets() throws -> [String] {
        let lines = String(decoding: try keyLog(), as: UTF8.self).split(separator: "\n")
        return lines.filter { !$0.hasPrefix("#") }.compactMap { $0.split(separator: " ").last.map(String.init) }
    }

    private static func contains(_ data: Data, _ secret: String) -> Bool {
        let digits = Array(secret.utf8)
        let bytes = stride(from: 0, to: digits.count - 1, by: 2).compactMap {
            UInt8(String(decoding: digits[$0...($0 + 1)], as: UTF8.self), radix: 16)
        }
        return data.range(of: Data(secret.lowercased().utf8)) != nil
            || data.range(of: Data(secret.uppercased().utf8)) != nil || data.range(of: Data(bytes)) != nil
    }

    @Test func nothingPrintedOrWrittenHoldsASecret() throws {
        let secrets = try Self.secrets()
        #expect(secrets.count >= 8 && secrets.allSatisfy { $0.count >= 64 })
        let folder = try TemporaryFolder()
        let keys = try folder.file("keys", Self.keyLog()).path
        let written = folder.url.appendingPathComponent("written.pcapng")
        let logs = folder.url.appendingPathComponent("qlog")
        var outputs: [Data] = []
        for arguments in [
            ["--json", "-r", Self.fixture, "-w", written.path, "--qlog", logs.path],
            ["--json", "-r", Self.fixture, "--keylog", keys], ["-r", Self.fixture, "--keylog", keys],
            ["--json", "-r", Self.fixture, "--keylog", keys, "-c", "0"], ["--print-config", "--keylog", keys],
        ] {
            let outcome = try Program.run(arguments)
            outputs += [Data(outcome.output.utf8), Data(outcome.errors.utf8)]
        }
        outputs.append(try Data(contentsOf: written))
        for name in try FileManager.default.contentsOfDirectory(atPath: logs.path) {
            outputs.append(try Data(contentsOf: logs.appendingPathComponent(name)))
        }
        #expect(outputs.count > 10)
        for secret in secrets {
            #expect(!outputs.contains { Self.contains($0, secret) })
        }
    }

    @Test func secretsAreWrittenWhenAskedFor() throws {
        let folder = try TemporaryFolder()
        let keys = try folder.file("keys", Self.keyLog()).path
        let written = folder.url.appendingPathComponent("written.pcapng").path
        let run = try Program.run(["--json", "-r", Self.fixture, "--keylog", keys, "-w", written, "--write-secrets"])
        #expect(run.status == 0, "\(run.errors)")
        let data = try Data(contentsOf: URL(fileURLWithPath: written))
        #expect(try Self.secrets().allSatisfy { Self.contains(data, $0) })
        // And they stand in front of the frames they open.
        #expect(try Program.run(["--json", "-r", written]).output.contains(#""decrypted":true"#))
    }

    @Test func theEnvironmentNamesAKeyLogForFilesToo() throws {
        let folder = try TemporaryFolder()
        let keys = try folder.file("keys", Self.keyLog()).path
        // Without the secrets inside.
        let bare = folder.url.appendingPathComponent("bare.pcapng").path
        _ = try Program.run(["--json", "-r", Self.fixture, "-w", bare])
        let isOpen = #""decrypted":true"#
        #expect(try !Program.run(["--json", "-r", bare]).output.contains(isOpen))
        #expect(try Program.run(["--json", "-r", bare], environment: ["SSLKEYLOGFILE": keys]).output.contains(isOpen))
        // What is to depend on the file alone does, and a log that is not there is no error.
        let alone = try Program.run(
            ["--json", "--deterministic", "-r", bare], environment: ["SSLKEYLOGFILE": keys])
        #expect(!alone.output.contains(isOpen))
        let missing = try Program.run(["--json", "-r", bare], environment: ["SSLKEYLOGFILE": keys + ".none"])
        #expect(missing.status == 0 && missing.errors.isEmpty)
        #expect(try Program.run(["--json", "-r", bare, "--keylog", keys + ".none"]).status == 1)
    }

    /// The limits of a run that stands waiting for its input.
    private func coreLimit(_ arguments: [String], feeding bytes: [UInt8] = []) throws -> Substring {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/bin/sh")
        process.arguments = ["-c", "ulimit -c 1000 2>/dev/null; exec \"$0\" \"$@\"", Program.path] + arguments
        process.environment = Program.base
        let input = Pipe()
        process.standardInput = input
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        try process.run()
        defer {
            kill(process.processIdentifier, SIGKILL)
            process.waitUntilExit()
        }
        try input.fileHandleForWriting.write(contentsOf: Data(bytes))
        var limit: Substring = ""
        // Time to start and to read what it is given.
        for _ in 0..<100 {
            usleep(20_000)
            let path = "/proc/\(process.processIdentifier)"
            guard let limits = try? String(contentsOfFile: "\(path)/limits", encoding: .utf8),
                let line = limits.split(separator: "\n").first(where: { $0.hasPrefix("Max core file size") })
            else { continue }
            limit = line.dropFirst("Max core file size".count).drop { $0 == " " }.prefix { $0 != " " }
            if limit == "0" { break }
        }
        return limit
    }

    @Test func aProcessWithSecretsLeavesNoCoreFile() throws {
        let folder = try TemporaryFolder()
        let keys = try folder.file("keys", Self.keyLog()).path
        let capture = [UInt8](try Data(contentsOf: URL(fileURLWithPath: Self.fixture)))
        #expect(
            try coreLimit(["--json", "-r", "-", "--follow", "--keylog", keys], feeding: SampleCapture.bytes()) == "0")
        #expect(try coreLimit(["--json", "-r", "-", "--follow"], feeding: capture) == "0", "secrets in the capture")
        var limit = rlimit()
        _ = unsafe getrlimit(__rlimit_resource_t(RLIMIT_CORE.rawValue), &limit)
        guard limit.rlim_max > 0 else { return }
        #expect(
            try coreLimit(["--json", "-r", "-", "--follow"], feeding: SampleCapture.bytes()) != "0", "nothing to hide")
    }
}
