import StreamtopBase
import StreamtopModel

extension JSONLinesExporter {
    /// Media that one player fetched over HTTP.
    package mutating func appendMediaSession(_ session: MediaSessionSnapshot, to buffer: inout RecordBuffer) {
        record("session", to: &buffer) { json in
            json.member("kind", session.kind)
            json.member("id", "m\(session.number)")
            json.array("flows", session.flows) { $0.string("f\($1.number)") }
            json.time("start", session.start)
            json.time("end", session.end)
            json.member("client", session.client)
            json.member("origin", session.origin)
            json.member("manifest_url", session.manifestURL)
            json.member("live", session.isLive)
            json.member("low_latency", session.isLowLatency)
            json.array("representations", session.representations) { $0.representation($1) }
            json.member("segment_count", session.segmentCount)
            json.array("segments", session.segments) { $0.segment($1) }
            json.array("switches", session.switches) { json, change in
                json.object { json in
                    json.time("ts", change.time)
                    json.switchMembers(change)
                }
            }
            if let buffer = session.buffer { json.buffer(buffer) }
            if let latency = session.liveLatency {
                json.object("live_latency") { json in
                    json.offset("last_ms", latency.last)
                    json.offset("p50_ms", latency.p50)
                    json.offset("p95_ms", latency.p95)
                    json.ratio("drift_ms_per_min", latency.drift)
                    json.member("source", latency.source)
                    if let parts = latency.parts {
                        json.object("parts") { json in
                            json.time("ts", parts.time)
                            json.milliseconds("arrival_ms", parts.arrival)
                            json.milliseconds("buffer_ms", parts.buffer)
                        }
                    }
                }
            }
            if let arrival = session.arrival {
                json.object("arrival_ms") { json in
                    json.offset("min", arrival.minimum)
                    json.offset("p50", arrival.p50)
                    json.offset("p95", arrival.p95)
                    json.offset("max", arrival.maximum)
                    json.member("source", arrival.source)
                }
            }
            json.object("clock_offset_ms") { json in
                json.offset("utc_timing", session.clockOffset.timeSource)
                json.offset("date", session.clockOffset.date)
                json.offset("prft", session.clockOffset.producer)
            }
            if let clock = session.mediaClock {
                json.object("media_clock") { json in
                    json.ratio("advance_s", clock.advance)
                    json.ratio("wall_s", clock.wall)
                    json.ratio("drift_ms_per_min", clock.drift)
                }
            }
            json.member("pacing", session.pacing)
            json.member("inferred", session.isInferred)
            json.ratio("confidence", session.confidence)
            if session.implausibleReports > 0 {
                json.object("anomalies") { $0.member("cmcd_implausible", session.implausibleReports) }
            }
            json.verdicts(session.verdicts)
        }
    }
}

extension JSONWriter {
    mutating func switchMembers(_ change: MediaSwitch) {
        member("from", change.from)
        member("to", change.to)
        member("from_bps", change.fromBandwidth)
        member("to_bps", change.toBandwidth)
        member("cause", change.cause)
        rate("throughput_bps", change.throughput)
        ratio("buffer_s", change.buffer)
    }

    fileprivate mutating func representation(_ representation: MediaRepresentation) {
        object { json in
            json.member("id", representation.identifier)
            json.member("type", representation.type)
            json.member("bandwidth_bps", representation.bandwidth)
            json.member("codecs", representation.codecs)
            json.member("width", representation.width)
            json.member("height", representation.height)
            json.member("mime", representation.mimeType)
        }
    }

    fileprivate mutating func segment(_ segment: MediaSegment) {
        object { json in
            json.time("ts", segment.requestTime)
            json.member("number", segment.number)
            json.member("representation", segment.representation)
            json.member("type", segment.type)
            json.ratio("media_time_s", segment.mediaTime)
            json.ratio("duration_s", segment.duration)
            json.member("bytes", segment.bytes)
            json.member("chunks", segment.chunkCount)
            if segment.parts > 1 { json.member("parts", segment.parts) }
            if segment.codingChunks > 0 {
                json.member("http_chunks", segment.codingChunks)
                json.member("aligned_chunks", segment.alignedChunks)
            }
            json.milliseconds("ttfb_ms", segment.firstByteTime.map { $0 - segment.requestTime })
            json.milliseconds("held_ms", segment.held)
            json.milliseconds("download_ms", segment.endTime - segment.requestTime)
            json.rate("throughput_bps", segment.throughput)
            json.chunkTimes(segment)
        }
    }

    private mutating func chunkTimes(_ segment: MediaSegment) {
        guard let cadence = segment.cadence ?? MediaSegmentCadence(of: segment) else { return }
        if let intervals = cadence.intervals {
            object("chunk_interval_ms") { json in
                json.milliseconds("p50", intervals.p50)
                json.milliseconds("max", intervals.maximum)
            }
        }
        milliseconds("first_chunk_ms", cadence.first)
        guard let ages = cadence.ages else { return }
        object("arrival_ms") { json in
            json.offset("p50", ages.p50)
            json.offset("max", ages.maximum)
        }
    }

    fileprivate mutating func buffer(_ buffer: MediaBuffer) {
        object("buffer") { json in
            json.ratio("last_s", buffer.last)
            json.ratio("min_s", buffer.minimum)
            json.ratio("max_s", buffer.maximum)
            json.member("stalls", buffer.stallCount)
            json.milliseconds("stall_ms", buffer.stallTime)
            json.member("source", buffer.source)
            json.ratio("model_error_s", buffer.modelError)
            json.array("series", buffer.series) { json, point in
                json.object { json in
                    json.time("ts", point.time)
                    json.ratio("buffer_s", point.level)
                    json.ratio("low_s", point.low)
                    json.ratio("high_s", point.high)
                }
            }
        }
    }
}
