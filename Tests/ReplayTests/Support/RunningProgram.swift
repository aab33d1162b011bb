import Foundation

/// The program while it runs, without a terminal: what it writes goes to files that can be looked into at any time.
final class RunningProgram {
    private let process: ChildProcess
    private let folder: TemporaryFolder
    private let outputFile: URL
    private let errorFile: URL

    /// - Parameters:
    ///   - wrapper: a command before the program's own path, such as one that enters a network namespace.
    ///   - command: another path than the program's own.
    init(
        _ arguments: [String], wrapper: [String] = [], command: String = Program.path,
        environment: [String: String] = [:]
    ) throws {
        folder = try TemporaryFolder()
        let output = try folder.emptyFile("output")
        let errors = try folder.emptyFile("errors")
        outputFile = output.url
        errorFile = errors.url
        let words = wrapper + [command] + arguments
        process = try ChildProcess(
            words, environment: Program.base.merging(environment) { $1 }, output: output.handle.fileDescriptor,
            errors: errors.handle.fileDescriptor)
    }

    /// Of the wrapper where it stays in front of the program; `ip netns exec` becomes the program.
    var identifier: pid_t { process.identifier }

    var output: String { (try? String(contentsOf: outputFile, encoding: .utf8)) ?? "" }
    var errors: String { (try? String(contentsOf: errorFile, encoding: .utf8)) ?? "" }

    /// The records of one type written so far.
    func records(_ type: String) -> [JSONRecord] { JSONRecord.parse(output).filter { $0.type == type } }

    /// Packets that the last record of each flow tells of, both directions together.
    var flowPackets: Int {
        var latest: [String: Int] = [:]
        for flow in records("flow") {
            latest[flow.communityID ?? ""] = (flow.client?.packets ?? 0) + (flow.server?.packets ?? 0)
        }
        return latest.values.reduce(0, +)
    }

    /// Waits until `condition` holds for the output; false when `seconds` pass without it.
    func waitFor(seconds: Double = 60, _ condition: (RunningProgram) -> Bool) -> Bool {
        let end = Date().addingTimeInterval(seconds)
        while Date() < end {
            if condition(self) { return true }
            usleep(20_000)
        }
        return condition(self)
    }

    func signal(_ number: Int32) {
        process.signal(number)
    }

    /// Ends the program as a service is ended and returns its exit status; nil when it does not end.
    func stop(seconds: Double = 60) -> Int32? {
        signal(SIGTERM)
        return waitForEnd(seconds: seconds)
    }

    func waitForEnd(seconds: Double = 60) -> Int32? {
        guard waitFor(seconds: seconds, { !$0.process.isRunning }) else { return nil }
        return process.terminationStatus
    }
}

/// A line of `--json`, as far as tests of the whole program look at it.
struct JSONRecord: Decodable, Equatable {
    struct Side: Decodable, Equatable {
        var ip: String
        var port: Int?
        var packets: Int
        var bytes: Int
    }

    var type: String
    var packets: Int?
    var communityID: String?
    var protocols: [String]?
    var client: Side?
    var server: Side?
    var final: Bool?

    private enum CodingKeys: String, CodingKey {
        case type, packets, protocols, client, server, final
        case communityID = "community_id"
    }

    /// Complete lines; the one that is being written is left out.
    static func parse(_ text: String) -> [JSONRecord] {
        let decoder = JSONDecoder()
        return text.split(separator: "\n").compactMap { try? decoder.decode(JSONRecord.self, from: Data($0.utf8)) }
    }
}
