import Foundation

/// A program that a test starts and talks to; it never outlives the value, and ends by itself if the tests are killed.
final class PeerProcess {
    private let process = Process()
    private let folder: TemporaryFolder
    private let outputFile: URL
    private let input = Pipe()
    private let isBounded: Bool

    struct TookTooLong: Error, CustomStringConvertible {
        var description: String
    }

    /// Starts `command`. It ends by itself after the longest time that a whole suite may take: by its own means where
    /// it `isBounded`, else through `timeout`, which makes a process group of it.
    init(_ command: [String], environment: [String: String] = [:], isBounded: Bool = false) throws {
        folder = try TemporaryFolder()
        outputFile = folder.url.appendingPathComponent("output")
        _ = FileManager.default.createFile(atPath: outputFile.path, contents: nil)
        let output = try FileHandle(forWritingTo: outputFile)
        self.isBounded = isBounded
        // Writing to a program that is gone is an error to ignore, not the end of the tests.
        signal(SIGPIPE, SIG_IGN)
        // Unbuffered, so that what was said can be waited for. KILL, for the rest may be blocked (see `end`).
        let whole = isBounded ? command : ["timeout", "-s", "KILL", "115", "stdbuf", "-o0"] + command
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = whole
        let base = ["PATH": "/usr/bin:/bin", "HOME": folder.url.path, "LC_ALL": "C.UTF-8"]
        process.environment = base.merging(environment) { $1 }
        process.standardInput = input
        process.standardOutput = output
        process.standardError = output
        try process.run()
    }

    deinit { end() }

    /// What it printed so far.
    var output: String { String(decoding: (try? Data(contentsOf: outputFile)) ?? Data(), as: UTF8.self) }

    func type(_ text: String) {
        // The reader may be gone; that shows in what it printed.
        try? input.fileHandleForWriting.write(contentsOf: Data(text.utf8))
    }

    /// Waits until `isReady` holds for what it printed.
    func wait(_ what: String, seconds: Double = 15, until isReady: (String) -> Bool) throws {
        let deadline = Date().addingTimeInterval(seconds)
        while !isReady(output) {
            let isOver = !process.isRunning
            if isOver, isReady(output) { return }
            guard !isOver, Date() < deadline else {
                throw TookTooLong(description: "no \(what) from \(process.arguments ?? []): \(output.suffix(600))")
            }
            usleep(10_000)
        }
    }

    /// Waits until it ends by itself.
    func waitForEnd(seconds: Double = 15) throws {
        let deadline = Date().addingTimeInterval(seconds)
        while process.isRunning {
            guard Date() < deadline else {
                throw TookTooLong(description: "\(process.arguments ?? []) does not end: \(output.suffix(600))")
            }
            usleep(10_000)
        }
    }

    /// Asks it to end (SIGTERM).
    func askToEnd() { if process.isRunning { process.terminate() } }

    /// Ends it. Signals may be blocked where tests run, and a child inherits that: only SIGKILL is sure to arrive.
    func end() {
        try? input.fileHandleForWriting.close()
        let identifier = process.processIdentifier
        guard process.isRunning, identifier > 1 else { return }
        if !isBounded { kill(-identifier, SIGKILL) }
        kill(identifier, SIGKILL)
        process.waitUntilExit()
    }
}

/// A folder that goes away with the value that holds it.
final class TemporaryFolder: Sendable {
    let url: URL

    init() throws {
        url = FileManager.default.temporaryDirectory.appendingPathComponent("streamtop-peers-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(at: url) }

    func path(_ name: String) -> String { url.appendingPathComponent(name).path }
}
