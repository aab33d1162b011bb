import Foundation
import StreamtopBase
import StreamtopModel
import Testing

@testable import StreamtopExport

/// Debian's python3-jsonschema behind one call.
enum SchemaValidator {
    static let repository = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()
    static let schema = repository.appending(path: "docs/streamtop.schema.json").path

    static let isInstalled =
        (try? python("from jsonschema import Draft202012Validator", arguments: [], input: []))?.status == 0

    /// Validates each line of its input. With a second argument every object may hold only members that the schema
    /// names: the way to find one that nobody described.
    static let validator = """
        import json, sys
        from jsonschema import Draft202012Validator
        schema = json.load(open(sys.argv[1]))
        def close(node):
            if isinstance(node, dict):
                if "properties" in node and node.get("type") == "object" and "allOf" not in node:
                    node["additionalProperties"] = False
                    if "type" not in node["properties"]:
                        node["properties"].update({"schema": {}, "type": {}})
                for item in node.values(): close(item)
            elif isinstance(node, list):
                for item in node: close(item)
        if len(sys.argv) > 2: close(schema)
        Draft202012Validator.check_schema(schema)
        checker, bad = Draft202012Validator(schema), 0
        for number, line in enumerate(sys.stdin, 1):
            for error in checker.iter_errors(json.loads(line)):
                bad += 1
                print(number, "/".join(map(str, error.absolute_path)), error.message[:300])
        sys.exit(1 if bad else 0)
        """

    static func python(_ program: String, arguments: [String], input: [UInt8]) throws -> (status: Int32, output: String)
    {
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = ["python3", "-c", program] + arguments
        // Through a file, so that neither end waits for the other however much is said.
        let file = FileManager.default.temporaryDirectory.appending(path: "streamtop-\(UUID().uuidString).jsonl")
        try Data(input).write(to: file)
        defer { try? FileManager.default.removeItem(at: file) }
        let output = Pipe()
        process.standardInput = try FileHandle(forReadingFrom: file)
        process.standardOutput = output
        process.standardError = output
        try process.run()
        let said = output.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        return (process.terminationStatus, String(decoding: said, as: UTF8.self))
    }
}

/// What we print against what we publish (docs/streamtop.schema.json).
@Suite(.enabled(if: SchemaValidator.isInstalled, "needs python3 with jsonschema (apt: python3-jsonschema)"))
struct SchemaTests {
    /// A line of every kind, with every optional member there is.
    static let everything: [UInt8] = {
        var exporter = JSONLinesExporter()
        var buffer = RecordBuffer()
        let source = SourceDescription(
            kind: .interface, names: ["eth0"], linkTypes: [.ethernet], snapLength: 262_144, filter: "tcp",
            start: SampleRecords.start)
        exporter.appendMeta(source, version: "1.0", to: &buffer)
        exporter.appendInterface(
            InterfaceDescription(name: "lo", summary: "Loopback", addresses: [IPAddress(high: 0, low: 1)]), to: &buffer)
        for kind in JSONLinesExporterTests.eventKinds {
            exporter.appendEvent(
                FlowEvent(time: SampleRecords.start, flow: FlowIdentifier(number: 1), sinceStart: -5, kind: kind),
                to: &buffer)
        }
        var sample = FlowSample(time: SampleRecords.start)
        sample.roundTrip = BothDirections(client: 1, server: 2)
        sample.queueDelay = BothDirections(client: 1, server: 2)
        sample.inFlight = BothDirections(client: 1, server: 2)
        sample.congestionWindow = BothDirections(client: 1, server: 2)
        sample.receiveWindow = BothDirections(client: 1, server: 2)
        exporter.appendSample(
            sample, flow: FlowIdentifier(number: 1), start: SampleRecords.start, to: &buffer)
        exporter.appendFlow(SampleRecords.fullFlow(), to: &buffer)
        exporter.appendFlow(SampleRecords.bareFlow(.icmp, number: 2), to: &buffer)
        exporter.appendFlow(SampleRecords.datagramFlow(), to: &buffer)
        exporter.appendFlow(SampleRecords.quicFlow(), to: &buffer)
        var datagrams = SampleRecords.bareFlow(.udp, number: 3)
        datagrams.client.packets = 1
        datagrams.server.packets = 1
        let sizes = DatagramSizes(minimum: 40, maximum: 1200, mean: 400.5)
        datagrams.datagramSizes = BothDirections(client: sizes, server: sizes)
        exporter.appendFlow(datagrams, to: &buffer)
        var health = CaptureHealth()
        health.undecoded = [UndecodedCount(reason: "arp", packets: 1)]
        health.problem = "interface went away"
        health.secrets = 4
        health.keyLogProblem = "keys.log: the key log cannot be read: Permission denied"
        health.longestBehind = 5_000_000
        var memory = MemoryBudget(capacity: 10)
        memory.countRelease(of: 5)
        health.memory = memory
        health.failedOutputs = [FailedOutput(kind: .capture, path: "a.pcapng", reason: "no space")]
        exporter.appendSummary(
            TrafficTotals(), health: health, duration: 5, elapsed: 6, verdicts: SampleRecords.fullFlow().verdicts,
            to: &buffer)
        return Array(buffer.text.utf8)
    }()

    @Test func everyRecordIsValid() throws {
        let result = try SchemaValidator.python(
            SchemaValidator.validator, arguments: [SchemaValidator.schema], input: Self.everything)
        #expect(result.status == 0, "\(result.output)")
    }

    @Test func everyMemberIsInTheSchema() throws {
        let result = try SchemaValidator.python(
            SchemaValidator.validator, arguments: [SchemaValidator.schema, "closed"], input: Self.everything)
        #expect(result.status == 0, "\(result.output)")
    }

    @Test func wrongRecordsAreFound() throws {
        let wrong =
            [
                #"{"schema":2,"type":"meta","version":"1","source":{"kind":"file","names":[]},"link_types":[]}"#,
                #"{"schema":1,"type":"sample","ts":"2024-01-01","flow":"f1","at_ms":0}"#,
                #"{"schema":1,"type":"sample","ts":"2024-01-01T00:00:00.000000000Z","flow":"f1","at_ms":0,"rtt_ms":{"client":-1}}"#,
                #"{"schema":1,"type":"flow"}"#,
            ] + Self.wrongSections
        for line in wrong {
            let result = try SchemaValidator.python(
                SchemaValidator.validator, arguments: [SchemaValidator.schema], input: Array("\(line)\n".utf8))
            #expect(result.status == 1, "\(line)")
        }
    }

    /// A valid flow of TLS, DTLS or QUIC with one figure or word spoilt.
    private static let wrongSections: [String] = {
        var exporter = JSONLinesExporter()
        var buffer = RecordBuffer()
        exporter.appendFlow(SampleRecords.datagramFlow(), to: &buffer)
        exporter.appendFlow(SampleRecords.quicFlow(), to: &buffer)
        let lines = buffer.text.split(separator: "\n").map(String.init)
        let spoilt = [
            (#""kind":"0rtt""#, #""kind":"1rtt""#), (#""step":"finished""#, #""step":"finish""#),
            (#""level":"fatal""#, #""level":"deadly""#), (#""level":"unsafe""#, #""level":"bad""#),
            (#""serial":"01ab""#, #""serial":"01AB""#), (#""inferred":true"#, #""inferred":false"#),
            (#""original_dcid":"0102030405060708""#, #""original_dcid":"010""#), (#""ack":3"#, #""acks":3"#),
            (#""lost_packets":1"#, #""lost_packets":-1"#), (#""by":"client""#, #""by":"us""#),
        ]
        return spoilt.flatMap { right, wrong in
            lines.filter { $0.contains(right) }.prefix(1).map { $0.replacingOccurrences(of: right, with: wrong) }
        }
    }()

    @Test func sectionsWereSpoilt() { #expect(Self.wrongSections.count == 10) }

    /// Expected outputs of whole captures, wherever the tests keep them.
    static let goldens: [String] = {
        let fixtures = SchemaValidator.repository.appending(path: "Tests/Fixtures")
        guard let found = FileManager.default.enumerator(at: fixtures, includingPropertiesForKeys: nil) else {
            return []
        }
        return found.compactMap { ($0 as? URL)?.path }.filter { $0.hasSuffix(".jsonl") }.sorted()
    }()

    @Test(arguments: goldens)
    func goldenOutputIsValid(path: String) throws {
        let lines = try Data(contentsOf: URL(filePath: path))
        let result = try SchemaValidator.python(
            SchemaValidator.validator, arguments: [SchemaValidator.schema], input: Array(lines))
        #expect(result.status == 0, "\(result.output.prefix(2000))")
    }
}
