import Testing

@testable import StreamtopBase

@Suite struct URLSecretsTests {
    @Test(
        "What lets its reader in is masked",
        arguments: [
            ("https://h/live.m3u8?token=abc", "https://h/live.m3u8?token=***"),
            ("/a?x=1&access_token=a.b-c&y=2", "/a?x=1&access_token=***&y=2"),
            ("/a?X-Amz-Signature=0f&X-Amz-Date=2", "/a?X-Amz-Signature=***&X-Amz-Date=2"),
            ("/a?Policy=ey&Signature=Q~&Key-Pair-Id=K", "/a?Policy=ey&Signature=***&Key-Pair-Id=K"),
            ("/a?hdnts=exp=1~hmac=2", "/a?hdnts=***"), ("/a?sv=2&sig=%2B", "/a?sv=2&sig=***"),
            ("/a?streamKey=k?&auth_key=1-0-0-f", "/a?streamKey=***&auth_key=***"),
            ("https://ann:pw@h:8443/a@b?q=1", "https://ann:***@h:8443/a@b?q=1"),
            ("ann:p@w@h:1", "ann:***@h:1"), ("/a?jwt=x?y&&z", "/a?jwt=***&&z"),
        ])
    func masked(_ url: String, _ told: String) {
        #expect(URLSecrets.masked(url) == told)
        #expect(URLSecrets.masked(told) == told)
    }

    @Test(
        "Near misses stand as they are",
        arguments: [
            "https://h/live.m3u8", "/a?_HLS_msn=3&_HLS_part=1", "/a?CMCD=bl%3D1%2Csid%3D%22x%22",
            "/a?keyframe=3&signal=1",
            "/a?token=", "/a?token", "/a?", "", "/key=abc/token/1", "https://h:80/@me", "https://ann@h/",
            "/a?design=1&bypass=2",
            "*", "/a?author=x&passage=y",
        ])
    func untouched(_ url: String) { #expect(URLSecrets.masked(url) == url) }
}
