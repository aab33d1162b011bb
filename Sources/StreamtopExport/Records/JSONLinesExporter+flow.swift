import StreamtopBase
import StreamtopModel

extension JSONLinesExporter {
    /// A flow, final or as it stands; everything in it counts from the flow's first packet on.
    package mutating func appendFlow(_ flow: FlowSnapshot, to buffer: inout RecordBuffer) {
        record("flow", to: &buffer) { json in
            json.identity(flow)
            json.roundTrips(flow.roundTrip)
            json.queueDelays(flow.queueDelay)
            // One line for each section a protocol adds.
            json.tcpSection(flow.tcp)
            json.tlsSection(flow.tls, start: flow.start)
            json.dtlsSection(flow.dtls, start: flow.start)
            json.quicSection(flow.quic)
            json.httpSection(flow.http)
            json.http3Section(flow.http3)
            json.datagramSection(flow)
            json.fragmentationSection(flow.fragmentation)
            json.buffers(flow.buffers)
            json.verdicts(flow.verdicts)
            json.health(flow.score)
            json.anomalies(flow.anomalies)
            json.decodeCounts(flow.decode)
        }
    }
}
