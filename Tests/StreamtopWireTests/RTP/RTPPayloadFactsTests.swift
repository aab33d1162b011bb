import StreamtopTestSupport
import Testing

@testable import StreamtopWire

@Suite struct RTPPayloadFactsTests {
    private func facts(_ codec: RTPCodec, _ hex: String) -> RTPPayloadFacts? {
        let bytes = [UInt8](hex: hex)
        return unsafe RTPPayloadFacts(codec, payload: bytes.span.bytes)
    }

    @Test(
        "Key frames and frame starts by each codec's own header",
        arguments: [
            (RTPCodec.h264, "65 88", true, true), (.h264, "41 9a", true, false), (.h264, "67 42", true, true),
            (.h264, "7c 85 88", true, true), (.h264, "7c 45 88", false, true), (.h264, "5c 81 88", true, false),
            (.h264, "78 0002 6742 0002 68ce 0002 6588", true, true), (.h265, "26 01 af", true, true),
            (.h265, "02 01 d0", true, false), (.h265, "62 01 93", true, true), (.h265, "40 01 0c", true, true),
            (.h265, "44 01 c1", true, nil),
            (.vp8, "10 50 00 00 9d 01 2a", true, true), (.vp8, "10 51 00 00", true, false),
            (.vp8, "90 80 83 12 50 00 00 9d 01 2a", true, true), (.vp8, "00 12 34", false, nil),
            (.vp9, "08 82", true, true), (.vp9, "48 82", true, false), (.vp9, "00 82", false, nil),
            (.av1, "18 0a", true, true), (.av1, "10 32", true, false), (.av1, "90 32", false, false),
        ] as [(RTPCodec, String, Bool, Bool?)])
    func keyFrames(codec: RTPCodec, hex: String, isStart: Bool, isKey: Bool?) {
        let found = facts(codec, hex)
        #expect(found?.isStart == isStart && found?.isKeyFrame == isKey)
    }

    @Test("What no codec of its kind can be is nothing")
    func impossible() {
        #expect(facts(.h264, "") == nil && facts(.h264, "e5 88") == nil && facts(.h264, "7c c5") == nil)
        #expect(facts(.h264, "78 00ff 67") == nil)
        #expect(facts(.h265, "26 00 af") == nil && facts(.h265, "26") == nil)
        #expect(facts(.av1, "88 00") == nil && facts(.av1, "17 00") == nil)
        #expect(facts(.pcmu, "00 00") == nil)
    }

    @Test("No payload byte sequence traps a decoder")
    func hostile() {
        var random = SeededRandom(seed: 7)
        for _ in 0..<4_000 {
            let bytes = (0..<Int.random(in: 0...40, using: &random)).map { _ in
                UInt8.random(in: 0...255, using: &random)
            }
            for codec in RTPCodec.allCases { _ = unsafe RTPPayloadFacts(codec, payload: bytes.span.bytes) }
        }
    }

    @Test("RFC 3551: static types name codec and clock; dynamic ones nothing")
    func assigned() {
        #expect(RTPCodec.assigned(to: 9)! == (.g722, 8_000))
        #expect(RTPCodec.assigned(to: 33)! == (.mp2t, 90_000))
        for type in UInt8(96)...127 { #expect(RTPCodec.assigned(to: type) == nil) }
        for type in UInt8(35)...63 { #expect(RTPCodec.assigned(to: type) == nil) }
    }
}
