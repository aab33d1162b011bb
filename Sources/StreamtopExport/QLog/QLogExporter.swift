import StreamtopBase
import StreamtopModel

/// Writes what is known of one flow as a qlog file (draft-ietf-quic-qlog-main-schema, JSON text sequences): QUIC
/// connections in the event names of draft-ietf-quic-qlog-quic-events, TCP connections in a schema of our own with the
/// same members.
///
/// A file holds one trace from the viewpoint of the network, made at the end of the flow: handshake, parameters, round
/// trip, flight and window over time, losses, moves and the end; of QUIC also the packets that were opened.
package struct QLogExporter: Sendable {
    package init() {}

    /// The flows a file is written for.
    package func accepts(_ flow: FlowSnapshot) -> Bool { flow.quic != nil || flow.tcp != nil }

    /// Name of the flow's file: its number, transport and, for QUIC, the connection ID that names a connection elsewhere.
    package func fileName(_ flow: FlowSnapshot) -> String {
        let identifier = flow.quic?.originalDestinationID.map { "-" + $0 } ?? ""
        return "f\(flow.identifier.number)-\(flow.quic == nil ? "tcp" : "quic")\(identifier).sqlog"
    }

    /// Appends the whole file.
    package func append(_ flow: FlowSnapshot, to buffer: inout RecordBuffer) {
        record(to: &buffer) { $0.qlogHeader(flow) }
        for event in events(flow) {
            record(to: &buffer) { json in
                json.milliseconds("time", max(0, event.time - flow.start))
                json.member("name", event.name)
                json.object("data") { event.data(&$0) }
            }
        }
    }

    /// RFC 7464: a record separator before each text, a line feed behind it.
    private func record(to buffer: inout RecordBuffer, _ body: (inout JSONWriter) -> Void) {
        buffer.append(0x1e)
        var writer = JSONWriter(buffer)
        writer.object(body)
        writer.endLine()
        buffer = writer.finish()
    }
}

/// One event of a trace, its data written when the order comes to it.
struct QLogEvent {
    var time: Timestamp
    var name: String
    var data: (inout JSONWriter) -> Void
}

extension JSONWriter {
    fileprivate mutating func qlogHeader(_ flow: FlowSnapshot) {
        member("file_schema", "urn:ietf:params:qlog:file:sequential")
        member("serialization_format", "application/qlog+json-seq")
        // What viewers of earlier drafts look for.
        member("qlog_version", "0.3")
        member("qlog_format", "JSON-SEQ")
        member("title", "streamtop f\(flow.identifier.number)")
        object("trace") { json in
            json.object("common_fields") { json in
                json.member("time_format", "relative_to_epoch")
                json.object("reference_time") { json in
                    json.member("clock_type", "system")
                    json.time("epoch", flow.start)
                }
                json.member("group_id", flow.quic?.originalDestinationID ?? flow.communityID?.text)
                json.array("protocol_types", [flow.quic == nil ? "TCP" : "QUIC"]) { $0.string($1) }
            }
            json.object("vantage_point") { json in
                json.member("type", "network")
                json.member("flow", "client")
            }
            json.array(
                "event_schemas",
                flow.quic == nil ? ["urn:streamtop:qlog:events:tcp"] : ["urn:ietf:params:qlog:events:quic"]
            ) { $0.string($1) }
        }
    }
}
