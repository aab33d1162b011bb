import StreamtopBase
import StreamtopModel

extension JSONWriter {
    /// Sizes of UDP datagrams, of each end that sent any.
    mutating func datagramSection(_ flow: FlowSnapshot) {
        guard let sizes = flow.datagramSizes else { return }
        let sent = BothDirections(client: flow.client.packets > 0, server: flow.server.packets > 0)
        object("udp") { json in
            if sent.client { json.datagramSizes("client", sizes.client) }
            if sent.server { json.datagramSizes("server", sizes.server) }
        }
    }

    private mutating func datagramSizes(_ name: StaticString, _ sizes: DatagramSizes) {
        object(name) { json in
            json.member("min_bytes", sizes.minimum)
            json.member("max_bytes", sizes.maximum)
            json.ratio("mean_bytes", sizes.mean)
        }
    }
}
