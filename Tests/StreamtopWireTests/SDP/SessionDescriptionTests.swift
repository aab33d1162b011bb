import StreamtopBase
import StreamtopTestSupport
import Testing

@testable import StreamtopWire

@Suite struct SessionDescriptionTests {
    private func read(_ text: String, isWhole: Bool = true) -> SessionDescription? {
        let bytes = Array(text.utf8)
        return SessionDescription(unsafe bytes.span.bytes, isWhole: isWhole)
    }

    /// RFC 4568 section 6.1 gives the key; the rest is that of RFC 8866 section 5.
    private static let secured = """
        v=0\r
        o=jdoe 2890844526 2890842807 IN IP4 10.47.16.5\r
        s=SDP Seminar\r
        c=IN IP4 192.0.2.17/127\r
        t=2873397496 2873404696\r
        m=audio 49170 RTP/SAVP 0 96\r
        a=rtpmap:96 opus/48000/2\r
        a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:d0RmdmcmVCspeEc3QGZiNWpVLFJhQX1cfHAwJSoj|2^20|1:32\r
        a=sendonly\r
        m=video 51372 RTP/AVP 99\r
        c=IN IP6 2001:db8::9\r
        a=rtpmap:99 h263-1998/90000\r

        """

    @Test func media() throws {
        let description = try #require(read(Self.secured))
        #expect(description.media.count == 2 && description.isWhole)
        let audio = description.media[0]
        #expect(audio.kind == "audio" && audio.endpoint == "192.0.2.17:49170" && audio.isProtected)
        #expect(audio.payloadTypes == [0, 96] && audio.travel == .sendonly)
        #expect(audio.codecs == [SessionDescription.Codec(payloadType: 96, name: "opus", clockRate: 48_000)])
        let key = try #require(audio.crypto.first)
        #expect(key.suite == "AES_CM_128_HMAC_SHA1_80" && key.secret.count == 30 && key.hasIdentifier)
        #expect(key.secret.prefix(4).elementsEqual([0x77, 0x44, 0x66, 0x76]))
        let video = description.media[1]
        #expect(video.endpoint?.description == "[2001:db8::9]:51372" && !video.isProtected && video.travel == .sendrecv)
    }

    /// RFC 8839 section 5 and RFC 8829: what browsers write.
    @Test func ofABrowser() throws {
        let description = try #require(
            read(
                """
                v=0
                o=- 1 2 IN IP4 127.0.0.1
                s=-
                t=0 0
                a=fingerprint:sha-256 AA:BB
                m=video 9 UDP/TLS/RTP/SAVPF 96 97
                c=IN IP4 0.0.0.0
                a=rtcp:9 IN IP4 0.0.0.0
                a=ice-ufrag:8hhY
                a=candidate:1467250027 1 udp 2122260223 192.168.0.196 46243 typ host generation 0
                a=candidate:1 1 udp 2122260223 bd6.local 46244 typ host
                a=candidate:2 2 tcp 41885439 203.0.113.4 9 typ relay raddr 0.0.0.0 rport 0
                a=extmap:2/sendonly http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time
                a=rtcp-mux
                a=mid:1
                a=rid:hi send
                a=rtpmap:96 VP8/90000
                a=rtpmap:97 rtx/90000
                a=fmtp:97 apt=96
                a=ssrc:1001 cname:x
                a=ssrc:1001 msid:y

                """))
        let video = try #require(description.media.first)
        #expect(video.endpoint == nil, "the address is in the candidates")
        #expect(video.userFragment == "8hhY" && video.fingerprint == "sha-256 AA:BB" && video.sharesPort)
        #expect(video.candidates.map(\.type) == ["host", "host", "relay"])
        #expect(video.candidates.map(\.endpoint) == ["192.168.0.196:46243", nil, "203.0.113.4:9"])
        #expect(video.extensions.map(\.identifier) == [2] && video.sources == [1001])
        #expect(video.codecs.map(\.name) == ["VP8", "rtx"] && video.restrictions == ["hi"] && video.identifier == "1")
    }

    /// A line that the capture cut may say anything.
    @Test func cut() throws {
        for length in 0..<Self.secured.utf8.count {
            let text = String(decoding: Self.secured.utf8.prefix(length), as: UTF8.self)
            guard let description = read(text, isWhole: false) else {
                #expect(length < 2)
                continue
            }
            for media in description.media {
                #expect([0, 49_170, 51_372].contains(media.port) && media.crypto.allSatisfy { $0.secret.count == 30 })
                #expect(media.codecs.allSatisfy { $0.clockRate == 48_000 || $0.clockRate == 90_000 })
            }
        }
    }

    @Test(arguments: [
        "", "v", "hello", "m=audio 1 RTP/AVP 0", "V=0\r\nm=audio 1 RTP/AVP 0",
    ])
    func whatIsNone(_ text: String) { #expect(read(text) == nil) }

    @Test func nonsenseIsLeftOut() throws {
        let description = try #require(
            read(
                """
                v=0
                m=
                m=audio
                m=audio 99999 RTP/AVP 0
                m=audio 5004 RTP/AVP 0 300 x
                a=rtpmap:300 x/1
                a=rtpmap:96
                a=rtpmap:97 opus/-1
                a=crypto:1 X inline:***
                a=candidate:1
                a=extmap:0 x
                a=ssrc:
                c=IN IP4
                """))
        #expect(description.media.map(\.payloadTypes) == [[0]])
        let media = description.media[0]
        #expect(media.codecs.isEmpty && media.crypto.isEmpty && media.candidates.isEmpty && media.extensions.isEmpty)
    }

    @Test func isBounded() throws {
        var text = "v=0\n"
        for number in 0..<1_000 { text += "m=audio \(number + 1) RTP/AVP 0\n" }
        for number in 0..<1_000 { text += "a=rtpmap:96 opus/48000\na=ssrc:\(number) x\n" }
        let description = try #require(read(text))
        #expect(description.media.count == 32)
        #expect(description.media[31].codecs.count <= 128 && description.media[31].sources.count <= 128)
    }

    @Test func base64() {
        #expect(Base64.decode("Zm9vYmFy".utf8) == Array("foobar".utf8))
        #expect(
            Base64.decode("Zm9vYg==".utf8) == Array("foob".utf8) && Base64.decode("Zm9vYg".utf8) == Array("foob".utf8))
        #expect(
            Base64.decode("Zm9v*".utf8) == nil && Base64.decode("Zg==Zg".utf8) == nil && Base64.decode("".utf8) == [])
    }
}

@Suite struct SIPMessageTests {
    private func read(_ text: String) -> SIPMessage? {
        let bytes = Array(text.utf8)
        return SIPMessage(unsafe bytes.span.bytes)
    }

    /// RFC 3261 section 4, shortened.
    private static let invitation = """
        INVITE sip:bob@biloxi.com SIP/2.0\r
        Via: SIP/2.0/UDP pc33.atlanta.com;branch=z9hG4bK776asdhds\r
        Call-ID: a84b4c76e66710@pc33.atlanta.com\r
        CSeq: 314159 INVITE\r
        Content-Type: application/sdp\r
        Content-Length: 4\r
        \r
        v=0\n
        """

    @Test func anInvitation() throws {
        let message = try #require(read(Self.invitation))
        #expect(message.startLine == .request(method: "INVITE") && message.method == "INVITE")
        #expect(message.callID == "a84b4c76e66710@pc33.atlanta.com" && message.sequence == 314_159)
        #expect(message.hasDescription && message.contentLength == 4)
        #expect(message.headLength == Self.invitation.utf8.count - 4)
    }

    @Test func shortForms() throws {
        let message = try #require(read("SIP/2.0 180 Ringing\r\ni: x\r\nCSeq: 1 INVITE\r\nl: 0\r\n\r\n"))
        #expect(message.startLine == .response(status: 180) && message.callID == "x" && message.method == "INVITE")
        #expect(message.contentLength == 0 && !message.hasDescription)
    }

    @Test func cutAtEveryByte() {
        for length in 0..<Self.invitation.utf8.count {
            let message = read(String(decoding: Self.invitation.utf8.prefix(length), as: UTF8.self))
            #expect((message == nil) == (length < 35))
        }
    }

    @Test(arguments: [
        "INVITE sip:bob@biloxi.com HTTP/1.1\r\n\r\n", "OPTIONS * HTTP/1.1\r\n\r\n",
        "OPTIONS rtsp://x/y RTSP/1.0\r\n\r\n",
        "SIP/2.0 banana\r\n", "SIP/2.0 999 x\r\n", "INVITED sip:x SIP/2.0\r\n", "invite sip:x SIP/2.0\r\n", "INVITE",
    ])
    func whatIsNone(_ text: String) { #expect(read(text) == nil) }
}
