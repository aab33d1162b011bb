import StreamtopBase
import StreamtopModel

extension JSONWriter {
    /// Who talks to whom, over what, since when.
    mutating func identity(_ flow: FlowSnapshot) {
        self.flow("id", flow.identifier)
        member("community_id", flow.communityID)
        member("transport", flow.transport)
        array("protocols", flow.protocols) { $0.string($1) }
        let hasPorts = flow.transport != .icmp
        // Where both ends are here, each is told with its own owner.
        var owners = BothDirections<ProcessSnapshot?>(client: nil, server: nil)
        if let known = flow.$processes, known.value.client != nil, known.value.server != nil { owners = known.value }
        endpoint("client", flow.client, owners.client, hasPorts: hasPorts, isFinal: flow.isFinal)
        endpoint("server", flow.server, owners.server, hasPorts: hasPorts, isFinal: flow.isFinal)
        member("orientation", flow.orientation)
        time("start", flow.start)
        time("end", flow.end)
        milliseconds("duration_ms", flow.end - flow.start)
        if let parent = flow.parent { self.flow("parent", parent) }
        if !flow.children.isEmpty { array("children", flow.children) { $0.string("f\($1.number)") } }
        member("state", flow.state)
        member("final", flow.isFinal)
        if flow.isEvicted { member("evicted", true) }
        member("tap", flow.$tcp?.value.vantage)
        member("vlan", flow.vlan)
        if let tunnel = flow.tunnel {
            object("tunnel") { json in
                json.member("kind", tunnel.kind)
                json.member("id", tunnel.identifier)
            }
        }
    }

    private mutating func endpoint(
        _ name: StaticString, _ end: EndpointSnapshot, _ owner: ProcessSnapshot?, hasPorts: Bool, isFinal: Bool
    ) {
        object(name) { json in
            json.member("ip", end.endpoint.address)
            if hasPorts { json.member("port", end.endpoint.port) }
            json.member("name", end.name)
            if let owner { json.process("process", owner) }
            json.member("packets", end.packets)
            json.member("bytes", end.bytes)
            json.member("payload_bytes", end.payloadBytes)
            // The rate of the last second says nothing once the flow is over.
            if !isFinal { json.rate("rate_bps", end.rate) }
        }
    }
}
