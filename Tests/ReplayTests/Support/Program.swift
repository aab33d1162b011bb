import Foundation

/// The built program, run as a user runs it.
enum Program {
    /// It is built beside the tests.
    static let path: String = {
        let own = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? ""
        return URL(fileURLWithPath: own).deletingLastPathComponent().appendingPathComponent("streamtop").path
    }()

    struct Outcome {
        var status: Int32
        /// The signal that ended it; nil when it ended by itself.
        var signal: Int32?
        var output: String
        var errors: String
    }

    /// Runs to the end, without a terminal anywhere.
    static func run(
        _ arguments: [String], input: [UInt8]? = nil, environment: [String: String] = [:], user: UInt32? = nil
    ) throws -> Outcome {
        let wrapper = user.map { ["/usr/bin/setpriv", "--reuid=\($0)", "--regid=\($0)", "--clear-groups"] } ?? []
        let folder = try TemporaryFolder()
        let output = try folder.emptyFile("output")
        let errors = try folder.emptyFile("errors")
        let source = try input.map { try FileHandle(forReadingFrom: folder.file("input", $0)) }
        let process = try ChildProcess(
            wrapper + [path] + arguments, environment: base.merging(environment) { $1 },
            input: source?.fileDescriptor, output: output.handle.fileDescriptor, errors: errors.handle.fileDescriptor)
        process.wait()
        return Outcome(
            status: process.terminationStatus, signal: process.endSignal,
            output: try String(contentsOf: output.url, encoding: .utf8),
            errors: try String(contentsOf: errors.url, encoding: .utf8))
    }

    /// Nothing of the tester's own settings: no configuration file, a plain locale that knows UTF-8.
    static let base = [
        "PATH": "/usr/bin:/bin", "HOME": "/nonexistent", "LC_ALL": "C.UTF-8", "SWIFT_BACKTRACE": "enable=no",
    ]
}

/// A folder that goes away with the value that holds it.
final class TemporaryFolder: Sendable {
    let url: URL

    init() throws {
        url = FileManager.default.temporaryDirectory.appendingPathComponent("streamtop-tests-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    }

    deinit {
        try? FileManager.default.removeItem(at: url)
    }

    func file(_ name: String, _ bytes: [UInt8]) throws -> URL {
        let file = url.appendingPathComponent(name)
        try Data(bytes).write(to: file)
        return file
    }

    func emptyFile(_ name: String) throws -> (url: URL, handle: FileHandle) {
        let file = try file(name, [])
        return (file, try FileHandle(forWritingTo: file))
    }
}
