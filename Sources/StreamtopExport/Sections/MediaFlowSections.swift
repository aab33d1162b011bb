import StreamtopBase
import StreamtopModel

/// Flows that carry media by protocols of their own: SRT, MPEG transport streams, RTMP, RTSP.
extension JSONWriter {
    mutating func srtSection(_ srt: SRTSnapshot) {
        object("srt") { json in
            json.member("version", srt.version)
            json.member("encrypted", srt.isEncrypted)
            if srt.latency.client != nil || srt.latency.server != nil {
                json.object("latency_ms") { json in
                    json.milliseconds("client", srt.latency.client)
                    json.milliseconds("server", srt.latency.server)
                }
            }
            json.roundTrip("rtt", srt.roundTrip)
            json.member("data_packets", srt.dataPackets)
            json.member("lost", srt.lost)
            json.member("recovered", srt.recovered)
            json.member("too_late", srt.tooLate)
            json.member("unrecovered", srt.unrecovered)
            json.member("retransmitted", srt.retransmitted)
            json.member("naks", srt.lossReports)
            json.ratio("budget_ratio", srt.budget)
            json.member("rejection", srt.rejection)
        }
    }

    mutating func transportStreamSection(_ stream: TransportStreamSnapshot) {
        object("ts") { json in
            json.member("packets", stream.packets)
            json.member("bytes", stream.bytes)
            json.array("pids", stream.streams) { json, pid in
                json.object { json in
                    json.member("pid", pid.pid)
                    json.member("kind", pid.kind)
                    // Of datagrams that the capture cut not all packets were seen.
                    if stream.continuityErrors != nil {
                        json.member("packets", pid.packets)
                        json.member("continuity_errors", pid.continuityErrors)
                        json.member("duplicates", pid.duplicates)
                    }
                }
            }
            json.member("continuity_errors", stream.continuityErrors)
            json.member("duplicates", stream.duplicates)
            json.member("discontinuities", stream.discontinuities)
            json.member("transport_errors", stream.transportErrors)
            if let pid = stream.clockPID {
                json.object("pcr") { json in
                    json.member("pid", pid)
                    if let interval = stream.clockInterval {
                        json.object("interval_ms") { json in
                            json.milliseconds("p50", interval.p50)
                            json.milliseconds("max", interval.longest)
                        }
                    }
                    json.milliseconds("jitter_ms", stream.clockJitter)
                }
            }
            json.rate("rate_bps", stream.rate)
            json.member("broken", stream.broken?.rawValue)
            json.mediaClock(stream.mediaClock)
        }
    }

    mutating func rtmpSection(_ rtmp: RTMPSnapshot) {
        object("rtmp") { json in
            json.member("role", rtmp.role?.rawValue)
            json.member("app", rtmp.app)
            json.milliseconds("handshake_ms", rtmp.handshake)
            json.milliseconds("connect_ms", rtmp.connect)
            if rtmp.chunkSize.client != nil || rtmp.chunkSize.server != nil {
                json.object("chunk_size_bytes") { json in
                    json.member("client", rtmp.chunkSize.client)
                    json.member("server", rtmp.chunkSize.server)
                }
            }
            if rtmp.acknowledgementWindow.client != nil || rtmp.acknowledgementWindow.server != nil {
                json.object("ack_window_bytes") { json in
                    json.member("client", rtmp.acknowledgementWindow.client)
                    json.member("server", rtmp.acknowledgementWindow.server)
                }
            }
            json.flvTrack("audio", rtmp.audio)
            json.flvTrack("video", rtmp.video)
            json.ratio("keyframe_interval_s", rtmp.keyFrameInterval?.seconds)
            json.member("error", rtmp.error)
            if rtmp.hasLostStep { json.member("lost_step", true) }
            json.mediaClock(rtmp.mediaClock)
        }
    }

    private mutating func flvTrack(_ name: StaticString, _ track: FLVTrackSnapshot?) {
        guard let track else { return }
        object(name) { json in
            json.member("codec", track.codec)
            json.member("messages", track.messages)
            json.member("bytes", track.bytes)
            json.rate("bitrate_bps", track.bitrate)
        }
    }

    mutating func rtspSection(_ rtsp: RTSPSnapshot) {
        object("rtsp") { json in
            // Names of members are in lower case.
            json.namedCounts(
                "methods", rtsp.methods.map { NamedCount(name: $0.name.lowercased(), count: $0.count) })
            json.member("transport", rtsp.transport)
            json.milliseconds("setup_ms", rtsp.setup)
            json.member("errors", rtsp.errors)
            json.mediaClock(rtsp.mediaClock)
        }
    }
}
