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
            if let tcp = flow.$tcp { json.tcpSection(tcp.value) }
            if let tls = flow.$tls { json.tlsSection(tls.value, start: flow.start) }
            if let dtls = flow.$dtls { json.dtlsSection(dtls.value, start: flow.start) }
            if let quic = flow.$quic { json.quicSection(quic.value) }
            if let http = flow.$http { json.httpSection(http.value) }
            if let http2 = flow.$http2 { json.http2Section(http2.value) }
            if let http3 = flow.$http3 { json.http3Section(http3.value) }
            if let socket = flow.$webSocket { json.webSocketSection(socket.value) }
            if let media = flow.$moq { json.moqSection(media.value) }
            if let stun = flow.$stun { json.stunSection(stun.value) }
            if let turn = flow.$turn { json.turnSection(turn.value, flow) }
            json.rtpSection(flow.rtp)
            if let rtcp = flow.$rtcp { json.rtcpSection(rtcp.value) }
            if let sctp = flow.$sctp { json.sctpSection(sctp.value) }
            if let srt = flow.$srt { json.srtSection(srt.value) }
            if let stream = flow.$transportStream { json.transportStreamSection(stream.value) }
            if let rtmp = flow.$rtmp { json.rtmpSection(rtmp.value) }
            if let rtsp = flow.$rtsp { json.rtspSection(rtsp.value) }
            json.datagramSection(flow)
            json.fragmentationSection(flow.fragmentation)
            if let unreachable = flow.$unreachable { json.unreachableSection(unreachable.value) }
            json.buffers(flow.buffers)
            json.ladder(flow.ladder)
            json.processes(flow)
            json.verdicts(flow.verdicts)
            json.health(flow.score)
            json.anomalies(flow.anomalies)
            json.decodeCounts(flow.decode)
        }
    }
}
