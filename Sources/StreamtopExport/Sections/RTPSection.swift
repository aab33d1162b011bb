import StreamtopBase
import StreamtopModel

extension JSONWriter {
    /// One entry for each stream and direction.
    mutating func rtpSection(_ streams: [RTPStreamSnapshot]) {
        guard !streams.isEmpty else { return }
        array("rtp", streams) { json, stream in
            json.object { json in
                json.rtpIdentity(stream)
                json.rtpSequence(stream)
                json.rtpTiming(stream)
                json.rtpMedia(stream)
                json.rtpRepair(stream)
                json.rtpReports(stream)
                json.mediaClock(stream.mediaClock)
            }
        }
    }

    mutating func source(_ name: StaticString, _ source: UInt32?) {
        guard let source else { return }
        key(name)
        string(Self.text(ofSource: source))
    }

    /// "0x" and eight digits.
    static func text(ofSource source: UInt32) -> String {
        let digits = String(source, radix: 16)
        return "0x" + String(repeating: "0", count: 8 - digits.count) + digits
    }

    private mutating func rtpIdentity(_ stream: RTPStreamSnapshot) {
        source("ssrc", stream.source)
        member("from", stream.from)
        time("start", stream.start)
        time("end", stream.end)
        array("payload_types", stream.payloadTypes) { $0.unsigned(UInt64($1)) }
        member("codec", stream.codec)
        member("clock_rate_hz", stream.clockRate)
        member("encrypted", stream.isEncrypted)
    }

    private mutating func rtpSequence(_ stream: RTPStreamSnapshot) {
        member("packets", stream.packets)
        member("bytes", stream.bytes)
        member("expected", stream.expected)
        member("lost", stream.lost)
        ratio("loss_percent", stream.lossRatio * 100)
        member("duplicates", stream.duplicates)
        member("reordered", stream.reordered)
        if stream.restarts > 0 { member("restarts", stream.restarts) }
        object("bursts") { json in
            json.array("lengths", stream.bursts) { json, burst in
                json.object { json in
                    json.member("packets", burst.length)
                    json.member("count", burst.count)
                }
            }
            json.member("max", stream.longestBurst)
        }
    }

    private mutating func rtpTiming(_ stream: RTPStreamSnapshot) {
        milliseconds("jitter_ms", stream.jitter)
        milliseconds("max_jitter_ms", stream.maximumJitter)
        milliseconds("mean_jitter_ms", stream.meanJitter)
        milliseconds("frame_jitter_ms", stream.frameJitter)
        rate("bitrate_bps", stream.bitrate)
        rate("mean_bitrate_bps", stream.meanBitrate)
    }

    private mutating func rtpMedia(_ stream: RTPStreamSnapshot) {
        if let frames = stream.frames {
            object("frames") { json in
                json.member("count", frames.count)
                json.ratio("rate_hz", frames.rate)
                json.member("size_p50_bytes", frames.medianBytes)
            }
        }
        member("keyframes", stream.keyFrames)
        ratio("keyframe_interval_s", stream.keyFrameInterval?.seconds)
        if let freezes = stream.freezes {
            object("freezes") { json in
                json.member("count", freezes.count)
                json.milliseconds("total_ms", freezes.total)
                json.milliseconds("max_ms", freezes.longest)
            }
        }
        if let voice = stream.voice {
            ratio("mos", voice.last)
            ratio("mos_min", voice.worst)
            object("mos_terms") { json in
                json.member("without_delay", voice.isWithoutDelay)
                json.member("assumed", voice.isAssumed)
            }
        }
        if let playout = stream.playout {
            object("playout") { json in
                json.milliseconds("buffer_ms", playout.buffer)
                json.member("late", playout.late)
                json.member("underruns", playout.underruns)
                json.member("source", "model")
            }
        }
        if let layer = stream.layer {
            object("layer") { json in
                json.member("rid", layer.restriction)
                json.member("mid", layer.media)
                json.member("spatial", layer.spatial)
                json.member("temporal", layer.temporal)
            }
        }
    }

    private mutating func rtpRepair(_ stream: RTPStreamSnapshot) {
        if let repeats = stream.repeats {
            source("rtx_of", repeats)
            member("repairs", stream.repairs)
            if stream.requested > 0 { member("requested", stream.requested) }
            member("probes", stream.probes)
        }
        if stream.isParity {
            array("fec_of", stream.protects) { $0.string(Self.text(ofSource: $1)) }
            member("fec_of_source", stream.paritySource)
        }
        if let repaired = stream.lostRepaired {
            member("lost_repaired", repaired)
            member("lost_final", stream.lostFinal)
        }
        spread("repair_ms", stream.repairTimes, counted: true)
        if let fec = stream.fec {
            object("fec") { json in
                json.member("kind", fec.kind)
                json.member("packets", fec.packets)
                json.member("bytes", fec.bytes)
                json.member("recovered", fec.recovered)
            }
        }
        if let transport = stream.transportWide {
            object("twcc") { json in
                if transport.packets > 0 {
                    json.member("packets", transport.packets)
                    json.member("lost", transport.lost)
                }
                json.milliseconds("queue_ms", transport.queueDelay)
                json.milliseconds("queue_max_ms", transport.queueDelayMaximum)
            }
        }
    }

    private mutating func rtpReports(_ stream: RTPStreamSnapshot) {
        roundTrip("rtt", stream.roundTrip)
        member("nacks", stream.nacks)
        spread("nack_repair_ms", stream.answerTimes, counted: true)
        member("plis", stream.pictureLossIndications)
        member("firs", stream.fullIntraRequests)
        member("remb_bps", stream.receiverEstimate)
        offset("lip_sync_ms", stream.lipSync)
    }

    mutating func mediaClock(_ clock: MediaClockSnapshot?) {
        guard let clock else { return }
        object("media_clock") { json in
            json.ratio("advance_s", clock.advance)
            json.ratio("wall_s", clock.wall)
            json.ratio("drift_ms_per_min", clock.driftPerMinute)
            json.milliseconds("backlog_ms", clock.backlog)
        }
    }

    mutating func rtcpSection(_ rtcp: RTCPSnapshot) {
        object("rtcp") { json in
            json.member("packets", rtcp.packets)
            json.member("bytes", rtcp.bytes)
            json.member("encrypted", rtcp.isEncrypted)
            json.member("reduced_size", rtcp.hasReducedSize)
            json.object("types") { json in
                for type in rtcp.types { json.member(named: type.name, type.count) }
            }
            json.array("reports", rtcp.reports) { json, report in
                json.object { json in
                    json.time("ts", report.time)
                    json.member("from", report.from)
                    json.source("ssrc", report.source)
                    json.ratio("fraction_lost_ratio", report.fractionLost)
                    json.member("lost", report.lost)
                    json.milliseconds("jitter_ms", report.jitter)
                    json.milliseconds("rtt_ms", report.roundTrip)
                }
            }
            for marks in rtcp.ecn.prefix(1) {
                json.object("ecn") { json in
                    json.member("from", marks.from)
                    json.member("ect0", marks.ect0)
                    json.member("ect1", marks.ect1)
                    json.member("ce", marks.ce)
                    json.member("source", marks.source)
                }
            }
            if !rtcp.voice.isEmpty { json.voiceMetrics(rtcp.voice) }
        }
    }

    private mutating func voiceMetrics(_ rows: [VoiceMetricsRow]) {
        array("xr", rows) { json, row in
            json.object { json in
                json.time("ts", row.time)
                json.member("from", row.from)
                json.source("ssrc", row.source)
                json.ratio("loss_ratio", row.lossRatio)
                json.ratio("discard_ratio", row.discardRatio)
                json.member("r_factor", row.rFactor)
                json.ratio("mos", row.mos)
                json.milliseconds("rtt_ms", row.roundTrip)
                json.milliseconds("jitter_buffer_ms", row.jitterBuffer)
            }
        }
    }
}
