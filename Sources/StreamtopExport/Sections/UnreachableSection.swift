import StreamtopBase
import StreamtopModel

extension JSONWriter {
    /// Who said that packets of the flow cannot be delivered, and why.
    mutating func unreachableSection(_ unreachable: UnreachableSnapshot?) {
        guard let unreachable else { return }
        object("icmp_unreachable") { json in
            json.member("count", unreachable.count)
            json.member("reason", unreachable.reason.rawValue)
            json.member("from", unreachable.from)
            json.time("ts", unreachable.time)
            json.member("of", unreachable.of == .fromClient ? "client" : "server")
        }
    }
}
