import Foundation

/// The built program, capturing on loopback while peers talk.
final class LiveCapture {
    /// It is built beside the tests.
    static let program: String = {
        let own = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? ""
        return URL(fileURLWithPath: own).deletingLastPathComponent().appendingPathComponent("streamtop").path
    }()

    private let process: PeerProcess

    /// Starts capturing; returns when frames are being taken.
    convenience init(ports: [Int], keyLog: String? = nil) throws {
        try self.init(filter: ports.map { "port \($0)" }.joined(separator: " or "), keyLog: keyLog)
    }

    init(filter: String, keyLog: String? = nil, wrapper: [String] = []) throws {
        process = try PeerProcess(
            wrapper + [Self.program, "--json", "-i", "lo", "-f", filter, "--duration", "110s"]
                + (keyLog.map { ["--keylog", $0] } ?? []),
            isBounded: true)
        try process.wait("meta record") { $0.contains(#""type":"meta""#) }
    }

    /// Why nothing can be captured here; nil when it can. Asked once.
    static let hindrance: String? = {
        guard let trial = try? PeerProcess([program, "--json", "-i", "lo", "--duration", "100ms"], isBounded: true)
        else {
            return "the program cannot be started"
        }
        guard (try? trial.waitForEnd()) != nil else { return "a capture on lo does not end" }
        return trial.output.contains(#""type":"summary""#) ? nil : "no capture on lo: \(trial.output.prefix(200))"
    }()

    /// Ends the capture once `flows` flows are over and gives their final records, by first packet.
    func finish(flows: Int) throws -> [JSONValue] {
        let found = try finishRecords(flows: flows).filter { $0["type"].string == "flow" && $0["final"].bool == true }
        func number(_ record: JSONValue) -> Int { Int(record["id"].string?.dropFirst() ?? "") ?? 0 }
        return found.sorted { number($0) < number($1) }
    }

    /// The same, every record.
    func finishRecords(flows: Int) throws -> [JSONValue] {
        // Live, a flow that is over is told as an event; what is still on its way then arrives within the interval of a read.
        try? process.wait("end of \(flows) flows", seconds: 5) {
            $0.components(separatedBy: #""event":"flow_close""#).count > flows
        }
        usleep(200_000)
        process.askToEnd()
        try process.waitForEnd()
        // Notices, such as that a key log is empty, stand among the records here: the peer's two outputs are one.
        let lines = process.output.split(separator: "\n").filter { $0.hasPrefix("{") }
        let summary = try lines.last.map { try JSONValue(text: String($0)) }
        guard let dropped = summary?["dropped", "kernel"].int, dropped == 0 else {
            throw PeerProcess.TookTooLong(description: "the kernel dropped frames or no summary came")
        }
        return try lines.map { try JSONValue(text: String($0)) }
    }
}
