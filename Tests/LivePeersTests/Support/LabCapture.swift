import Foundation

/// A capture of real programs with what they logged themselves, beside the repository or where STREAMTOP_LAB says.
struct LabCapture {
    var truth: JSONValue
    var records: [JSONValue]

    private static let folder: URL = {
        if let named = ProcessInfo.processInfo.environment["STREAMTOP_LAB"] { return URL(filePath: named) }
        let repository = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent()
        return repository.deletingLastPathComponent().appending(path: "shared/captures/lab")
    }()

    static let isThere = FileManager.default.fileExists(atPath: folder.appending(path: "lldash/truth.json").path())

    /// What the program prints of a capture.
    init(_ name: String, _ file: String = "capture.pcap") throws {
        let position = Self.folder.appending(path: name)
        truth = try JSONValue(
            text: String(contentsOf: position.appending(path: "truth.json"), encoding: .utf8))
        var command = [LiveCapture.program, "--json", "-r", position.appending(path: file).path()]
        let keys = position.appending(path: "keys.log").path()
        if FileManager.default.fileExists(atPath: keys) { command += ["--keylog", keys] }
        let program = try PeerProcess(command)
        try program.waitForEnd(seconds: 30)
        records = try program.output.split(separator: "\n").filter { $0.hasPrefix("{") }
            .map { try JSONValue(text: String($0)) }
    }

    var session: JSONValue? { records.first { $0["type"].string == "session" } }
    var flows: [JSONValue] { records.filter { $0["type"].string == "flow" && $0["final"].bool == true } }

    func events(_ name: String) -> [JSONValue] {
        records.filter { $0["type"].string == "event" && $0["event"].string == name }
    }

    /// Seconds since 1970 of a time of day as the program prints it.
    static func seconds(_ text: String?) -> Double? {
        guard let text, let dot = text.lastIndex(of: "."), text.hasSuffix("Z") else { return nil }
        let whole = ISO8601DateFormatter().date(from: String(text[..<dot]) + "Z")
        let part = Double("0" + text[dot...].dropLast())
        guard let whole, let part else { return nil }
        return whole.timeIntervalSince1970 + part
    }

    static func median(_ values: [Double]) -> Double? {
        let sorted = values.sorted()
        return sorted.isEmpty ? nil : sorted[sorted.count / 2]
    }
}
