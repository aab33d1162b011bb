import Testing

/// Programs of others that send media or data over UDP, against their own figures.
@Suite(.serialized, .enabled(if: LiveCapture.hindrance == nil, "no permission to capture on lo"))
struct StreamPeersTests {
    @Test(
        "sipp: a call in which one end never speaks",
        .enabled(if: MediaConversations.isInstalled("sipp"), "sip-tester is not installed"))
    func oneWay() throws {
        let outcome = try MediaConversations.outcome("sipp")
        #expect(outcome.peer["status"].int == 0, "sipp says the call went well")
        let session = try #require(outcome.sessions.first)
        #expect(outcome.sessions.count == 1 && session["kind"].string == "sip")
        #expect(session["failure"].string == "one_way_media")
        #expect(session["unanswered"].string == outcome.peer["silent"].string)
        #expect(session["verdicts"].array.map { $0["rule"].string } == ["one_way_media"])
        #expect(session["signalling"].array.first?["status"].int == 200)
        let stream = try #require(outcome.streams.first)
        // What is played takes 7.05 s of the call's 7.
        let packets = stream["packets"].int ?? 0
        #expect(((outcome.peer["speech"].int ?? 0) - 5...(outcome.peer["speech"].int ?? 0)).contains(packets))
        #expect(outcome.streams.count == 1 && stream["codec"].string == "pcma" && stream["lost"].int == 0)
    }

    @Test(
        "baresip: keys in descriptions open its reports",
        .enabled(if: MediaConversations.isInstalled("baresip"), "baresip is not installed"))
    func keysInDescriptions() throws {
        let outcome = try MediaConversations.outcome("baresip")
        let session = try #require(outcome.sessions.first)
        #expect(session["kind"].string == "sip" && session["stage"].string == "media")
        #expect(session["failure"].string == nil && session["verdicts"].array.isEmpty)
        let sent = ["answering", "calling"].compactMap { outcome.peer[$0, "sent"].int }.sorted()
        #expect(outcome.streams.compactMap { $0["packets"].int }.sorted() == sent)
        #expect(outcome.streams.allSatisfy { $0["lost"].int == 0 && $0["encrypted"].bool == true })
        #expect(outcome.streams.allSatisfy { $0["codec"].string == "pcmu" })
        let reports = outcome.flows.map { $0["rtcp"] }.filter(\.isPresent)
        #expect(reports.count == 1 && reports.first?["encrypted"].bool == false)
        #expect(reports.first?["types", "sr"].int == 2, "one of each end in these seven seconds")
        #expect(reports.first?["reports"].array.allSatisfy { $0["lost"].int == 0 } == true)
    }

    @Test(
        "usrsctp: an association over UDP, to its end",
        .enabled(if: MediaConversations.isInstalled("usrsctp"), "libusrsctp-examples is not installed"))
    func association() throws {
        let outcome = try MediaConversations.outcome("usrsctp")
        let sctp = try #require(outcome.flows.first?["sctp"])
        #expect(outcome.flows.count == 1 && outcome.peer["messages"].int == 700)
        let stream = try #require(sctp["streams"].array.first)
        let ends = ["client", "server"].map { stream[$0, "messages"].int ?? 0 }
        #expect(ends.max() == outcome.peer["messages"].int)
        #expect(["client", "server"].compactMap { stream[$0, "bytes"].int }.max() == outcome.peer["bytes"].int)
        for name in ["init", "init_ack", "cookie_echo", "cookie_ack", "shutdown", "shutdown_ack", "shutdown_complete"] {
            #expect(sctp["chunks", name].int == 1, "\(name)")
        }
    }

    @Test(
        "GStreamer: pictures out of order with ULPFEC, sound with RED, and packets that are lost",
        .enabled(if: MediaConversations.isInstalled("gstreamer"), "GStreamer or python3-gi is not installed"))
    func forwardErrorCorrection() throws {
        let outcome = try MediaConversations.outcome("gstreamer")
        let (video, sound) = (outcome.peer["video"], outcome.peer["audio"])
        let pictures = try #require(outcome.streams.first { $0["ssrc"].string == "0x00000457" })
        #expect(pictures["packets"].int == video["sent"].int && pictures["lost"].int == video["lost"].array.count)
        #expect(pictures["codec"].string == "h264" && pictures["reordered"].int == 0)
        #expect(pictures["frames", "count"].int == 150)
        #expect(pictures["fec", "kind"].string == "ulpfec")
        #expect(pictures["fec", "packets"].int == video["types", "97"].int)
        // Key frames every 30 pictures; one whose beginning was lost cannot be told.
        #expect((4...5).contains(pictures["keyframes"].int ?? 0))
        let voice = try #require(outcome.streams.first { $0["ssrc"].string == "0x000008ae" })
        #expect(voice["packets"].int == sound["sent"].int && voice["lost"].int == sound["lost"].array.count)
        #expect(voice["fec", "kind"].string == "red" && voice["fec", "packets"].int == sound["types", "100"].int)
        // Each payload comes again with the next packet: only the second of two that are lost together stays lost.
        let lost = sound["lost"].array.compactMap(\.int)
        let gone = lost.filter { lost.contains($0 + 1) }.count
        #expect(voice["lost_repaired"].int == lost.count - gone)
        #expect(outcome.streams.count == 2)
    }

    @Test(
        "Pion: feedback by transport-wide numbers and by RFC 8888, and what is sent again",
        .enabled(
            if: MediaConversations.isInstalled("pion"),
            "Pion's interceptors are not built: docs/setup/go-peers builds them"),
        arguments: ["twcc", "rfc8888"])
    func feedback(_ kind: String) throws {
        let outcome = try MediaConversations.outcome("pion")
        let peer = outcome.peer[kind]
        let flow = try #require(
            outcome.flows.first { flow in
                flow["rtp"].array.contains { $0["ssrc"].string == peer["ssrc"].string }
            })
        let stream = try #require(flow["rtp"].array.first)
        #expect(stream["packets"].int == peer["sent"].int && flow["rtp"].array.count == 1)
        #expect(stream["lost"].int == (peer["lost"].int ?? 0) - (peer["repeated"].int ?? 0), "what came late came")
        #expect(stream["reordered"].int == peer["repeated"].int)
        #expect(stream["nacks"].int == peer["feedback", "nack"].int)
        let names = ["twcc": "transport_cc"]
        for name in peer["feedback"].keys {
            #expect(flow["rtcp", "types", names[name] ?? name].int == peer["feedback", name].int, "\(name)")
        }
        #expect((stream["rtt", "samples"].int ?? 0) > 0 && flow["rtcp", "encrypted"].bool == false)
        if kind == "twcc" { #expect(stream["twcc", "lost"].int == 0, "those sent again keep their numbers") }
    }
}
