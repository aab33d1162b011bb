import StreamtopBase
import StreamtopModel

extension JSONLinesExporter {
    /// The first record of a run. `version` is the program's.
    package mutating func appendMeta(_ source: SourceDescription, version: String, to buffer: inout RecordBuffer) {
        isLive = source.kind == .interface
        record("meta", to: &buffer) { json in
            json.member("version", version)
            json.object("source") { object in
                object.member("kind", source.kind)
                object.array("names", source.names) { $0.string($1) }
            }
            // The numbers of the link-type registry: every type has one, few have a name of their own.
            json.array("link_types", source.linkTypes) { $0.integer(Int($1.rawValue)) }
            json.member("snaplen_bytes", source.snapLength)
            json.member("filter", source.filter)
            json.time("start", source.start)
        }
    }

    /// One record for an interface that can be captured from (`-D --json`).
    package mutating func appendInterface(_ interface: InterfaceDescription, to buffer: inout RecordBuffer) {
        record("interface", to: &buffer) { json in
            json.member("name", interface.name)
            json.member("description", interface.summary)
            json.array("addresses", interface.addresses) { $0.address($1) }
            json.member("up", interface.isUp)
            json.member("running", interface.isRunning)
            json.member("loopback", interface.isLoopback)
            json.member("wireless", interface.isWireless)
        }
    }
}
