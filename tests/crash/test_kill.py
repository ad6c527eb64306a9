"""I1, I2, I4: SIGKILL at random moments under load loses nothing and charges nothing twice."""
import os
import random
import signal
import threading
import time

from bodies import sha256, wav
from whazz import Case, clock_moved

KILLS = 30


class Uploader(threading.Thread):
    """Uploads until told to stop; remembers what was acknowledged."""

    def __init__(self, server, client, number):
        super().__init__(daemon=True)
        self.server, self.client, self.number = server, client, number
        self.acknowledged = {}  # job id -> SHA-256 of what was sent
        self.sent, self.over = 0, False
        self.dice = random.Random(number)

    def once(self):
        content = wav(0.05 + self.dice.random() * 0.2, 8000, seed=self.dice.randrange(10**9))
        self.sent += 1
        reply = self.client.upload(content, f"u{self.number}-{self.sent}.wav")
        if reply.status == 201:
            self.acknowledged[reply.json["job_id"]] = sha256(content)
        elif reply.status < 500:
            raise AssertionError(str(reply))
        if self.acknowledged and self.dice.random() < 0.3:
            self.client.get(f"/audio/download/{self.dice.choice(list(self.acknowledged))}")
        self.client.get("/usage/me")

    def run(self):
        while not self.over:
            try:
                self.once()
            except OSError:
                self.client.close()
                time.sleep(0.02)


class Kill(Case):
    OPTIONS = ("--user-files-per-day", "1000000", "--guest-files-per-day", "1000000",
               "--user-storage", "100GB", "--guest-storage", "100GB",
               "--user-processing", "1000h", "--guest-processing", "1000h", "--workers", "2")

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.clients = [cls.server.user(), cls.server.user(), cls.server.guest(),
                       cls.server.guest()]

    def jobs_of(self, client):
        jobs, cursor = {}, ""
        while cursor is not None:
            page = client.get(f"/audio/jobs?limit=100{cursor and '&cursor=' + cursor}").json
            jobs.update({j["job_id"]: j["status"] for j in page["jobs"]})
            cursor = page["next_cursor"]
        return jobs

    def settled_jobs_of(self, client):
        end = time.monotonic() + 240  # what a killed server had in hand waits for its lease's end
        while time.monotonic() < end:
            jobs = self.jobs_of(client)
            if not any(s in ("pending", "processing") for s in jobs.values()):
                return jobs
            time.sleep(0.2)
        self.fail("jobs without an outcome: " + self.server.log())

    def check_everything(self, threads):
        stored = 0
        for thread in threads:
            jobs = self.settled_jobs_of(thread.client)
            self.assertLessEqual(set(thread.acknowledged), set(jobs))
            for job, digest in thread.acknowledged.items():
                reply = thread.client.get(f"/audio/original/{job}")
                self.assertEqual((reply.status, sha256(reply.body)), (200, digest), job)
            me = thread.client.get("/usage/me").json
            self.assertEqual(me["total_files_uploaded"], len(jobs))
            done = sum(s == "completed" for s in jobs.values())
            self.assertEqual((me["total_files_processed"], me["total_files_failed"]),
                             (done, len(jobs) - done))
            self.assertEqual(thread.client.get("/usage/limits").json["storage_mb"]["reserved"], 0)
            stored += len(jobs) + done
        verified = self.server.verify()
        self.assertEqual(verified.returncode, 0, verified.stdout + verified.stderr)
        self.server.stop()
        self.server.env = clock_moved(2)
        self.server.start()  # the sweep removes old files that no job owns, and no other
        end = time.monotonic() + 10
        while len(self.server.files()) != stored and time.monotonic() < end:
            time.sleep(0.1)
        self.assertEqual(len(self.server.files()), stored)

    def test_the_server_killed_at_random_moments(self):
        dice = random.Random(1)
        threads = [Uploader(self.server, client, n) for n, client in enumerate(self.clients)]
        for thread in threads:
            thread.start()
        for _ in range(KILLS):
            self.wait_for_more(threads)
            time.sleep(dice.uniform(0, 0.3))
            family = self.server.processes()
            self.server.kill()
            self.assertTrue(self.gone(family), "children outlive the server")
            self.server.start()
            self.assertEqual(self.server.verify().returncode, 0)
        for thread in threads:
            thread.over = True
        for thread in threads:
            thread.join(30)
        self.assertGreater(sum(len(t.acknowledged) for t in threads), KILLS)
        self.check_everything(threads)

    def wait_for_more(self, threads):
        """Until something is acknowledged, so that each kill has something to lose."""
        before = sum(len(t.acknowledged) for t in threads)
        end = time.monotonic() + 10
        while sum(len(t.acknowledged) for t in threads) == before and time.monotonic() < end:
            time.sleep(0.005)

    def gone(self, pids):
        end = time.monotonic() + 5
        while time.monotonic() < end:
            if not any(os.path.exists(f"/proc/{pid}/exe") and self.is_alive(pid)
                       for pid in pids):
                return True
            time.sleep(0.02)
        return False

    def is_alive(self, pid):
        try:
            with open(f"/proc/{pid}/stat") as stat:
                return stat.read().rpartition(")")[2].split()[0] not in "ZX"
        except OSError:
            return False


class Workers(Case):
    OPTIONS = ("--user-files-per-day", "1000000", "--user-storage", "100GB",
               "--user-processing", "1000h", "--workers", "2")

    def test_children_killed_while_they_work(self):
        """Each job gets one outcome and one charge, however often its child dies."""
        user, dice = self.server.user(), random.Random(2)
        jobs = [user.uploaded(wav(30, 8000)) for _ in range(12)]
        end = time.monotonic() + 60
        while time.monotonic() < end:
            children = self.server.processes()[1:]
            if children and dice.random() < 0.6:
                try:
                    os.kill(dice.choice(children), signal.SIGKILL)
                except OSError:
                    pass
            time.sleep(0.03)
            states = {j["job_id"]: j["status"]
                      for j in user.get("/audio/jobs?limit=100").json["jobs"]}
            if not any(s in ("pending", "processing") for s in states.values()):
                break
        outcomes = {job: user.wait_for_job(job) for job in jobs}
        for state in outcomes.values():
            self.assertIn(state["status"], ("completed", "failed"))
            if state["status"] == "failed":
                self.assertRegex(state["error_message"], r"^[A-Z].*\.$")
        me = user.get("/usage/me").json
        done = sum(s["status"] == "completed" for s in outcomes.values())
        self.assertEqual(me["total_files_uploaded"], len(jobs))
        self.assertEqual(me["total_files_processed"], done)
        self.assertEqual(me["total_files_failed"], len(jobs) - done)
        limits = user.get("/usage/limits").json
        self.assertEqual([limits[n]["reserved"] for n in ("storage_mb", "processing_minutes")],
                         [0, 0])
        self.assertEqual(self.server.verify().returncode, 0)
        after = user.wait_for_job(user.uploaded(wav(0.5)))
        self.assertEqual(after["status"], "completed")

    def test_a_clean_stop_loses_no_call(self):
        user = self.server.user()
        before = user.get("/usage/me").json["api_calls_count"]
        for _ in range(50):
            user.get("/auth/me")
        self.server.restart()
        self.assertEqual(user.get("/usage/me").json["api_calls_count"], before + 50)

    def test_sigterm_lets_uploads_and_jobs_end(self):
        user = self.server.user()
        job = user.uploaded(wav(20, 8000))
        self.server.stop()
        self.server.start()
        self.assertEqual(user.wait_for_job(job)["status"], "completed")
        self.assertEqual(user.get("/usage/me").json["total_files_processed"], 1)
